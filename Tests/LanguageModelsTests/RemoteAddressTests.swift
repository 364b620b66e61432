import LanguageModels
import Records
import TestSupport
import Testing

/// What a client makes of addresses and of the field that asks for patience.
@Suite struct RemoteAddressTests {
  @Test func `an address has a host, a port and a path`() throws {
    let address = try RemoteAddress("https://api.example.org/v1/")
    #expect(address.isSecure && address.host == "api.example.org" && address.port == 443)
    #expect(!address.isLoopback)
    let own = try RemoteAddress("http://[::1]:8080")
    #expect(!own.isSecure && own.host == "::1" && own.port == 8080 && own.isLoopback)
    #expect(try RemoteAddress("http://127.0.0.1:1").isLoopback)
    #expect(try !RemoteAddress("http://127.example.org:1").isLoopback)
  }

  @Test(arguments: [
    "", "api.example.org", "ftp://x/", "http://", "https://user:pass@x/", "https://x/?q=1",
    "https://x/#a", "https://x:70000/", "https://x\r\n/", "http://bücher.example\u{0}/",
  ])
  func `what is no bare URL is refused`(text: String) {
    #expect(throws: RemoteAddress.Fault.self) { try RemoteAddress(text) }
  }
}
