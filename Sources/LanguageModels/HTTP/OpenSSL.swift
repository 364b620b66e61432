#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// The functions of the system's OpenSSL that a client needs, looked up when they are first needed.
///
/// Linking them, or `FoundationNetworking` which brings libcurl, would cost every start of the program
/// what only a program with a remote model needs; the architecture article has the figures. All of
/// them have been the same since OpenSSL 1.1.0.
@unsafe struct OpenSSL: @unchecked Sendable {
  typealias Handle = OpaquePointer
  typealias Make = @convention(c) () -> Handle?
  typealias Derive = @convention(c) (Handle?) -> Handle?
  typealias Act = @convention(c) (Handle?) -> Int32
  typealias Release = @convention(c) (Handle?) -> Void
  typealias Control = @convention(c) (Handle?, Int32, Int, UnsafeMutableRawPointer?) -> Int
  typealias Read = @convention(c) (Handle?, UnsafeMutableRawPointer?, Int32) -> Int32
  typealias Write = @convention(c) (Handle?, UnsafeRawPointer?, Int32) -> Int32

  let method: Make
  let makeContext: Derive
  let useSystemAuthorities: Act
  let controlContext: Control
  let verify: @convention(c) (Handle?, Int32, UnsafeRawPointer?) -> Void
  let makeSession: Derive
  let freeSession: Release
  let controlSession: Control
  let parameters: Derive
  let expectHost: @convention(c) (Handle?, UnsafePointer<CChar>?, Int) -> Int32
  let expectAddress: @convention(c) (Handle?, UnsafePointer<CChar>?) -> Int32
  let memory: Make
  let makeBuffer: Derive
  let attach: @convention(c) (Handle?, Handle?, Handle?) -> Void
  let connect: Act
  let read: Read
  let write: Write
  let error: @convention(c) (Handle?, Int32) -> Int32
  let readBuffer: Read
  let writeBuffer: Write
  let clearErrors: @convention(c) () -> Void
  let verdict: @convention(c) (Handle?) -> Int

  /// Nil where there is none.
  static let system: OpenSSL? = {
    for name in libraries {
      if let library = unsafe Library(name), let functions = unsafe OpenSSL(library) {
        return unsafe functions
      }
    }
    return nil
  }()

  /// The system's own of macOS is not for others; Homebrew's is.
  #if canImport(Darwin)
  private static let libraries = [
    "/opt/homebrew/opt/openssl@3/lib/libssl.3.dylib", "/usr/local/opt/openssl@3/lib/libssl.3.dylib",
  ]
  #else
  private static let libraries = ["libssl.so.3", "libssl.so.1.1"]
  #endif

  // Numbers of the library's headers.
  static let wantsRead: Int32 = 2
  static let wantsWrite: Int32 = 3
  static let goodbye: Int32 = 6
  static let verifyPeer: Int32 = 1
  static let setServerName: Int32 = 55
  static let setMinimumVersion: Int32 = 123
  static let version12 = 0x0303

  private init?(_ library: Library) {
    do throws(Library.Missing) {
      unsafe method = try library.find("TLS_client_method")
      unsafe makeContext = try library.find("SSL_CTX_new")
      unsafe useSystemAuthorities = try library.find("SSL_CTX_set_default_verify_paths")
      unsafe controlContext = try library.find("SSL_CTX_ctrl")
      unsafe verify = try library.find("SSL_CTX_set_verify")
      unsafe makeSession = try library.find("SSL_new")
      unsafe freeSession = try library.find("SSL_free")
      unsafe controlSession = try library.find("SSL_ctrl")
      unsafe parameters = try library.find("SSL_get0_param")
      unsafe expectHost = try library.find("X509_VERIFY_PARAM_set1_host")
      unsafe expectAddress = try library.find("X509_VERIFY_PARAM_set1_ip_asc")
      unsafe memory = try library.find("BIO_s_mem")
      unsafe makeBuffer = try library.find("BIO_new")
      unsafe attach = try library.find("SSL_set_bio")
      unsafe connect = try library.find("SSL_connect")
      unsafe read = try library.find("SSL_read")
      unsafe write = try library.find("SSL_write")
      unsafe error = try library.find("SSL_get_error")
      unsafe readBuffer = try library.find("BIO_read")
      unsafe writeBuffer = try library.find("BIO_write")
      unsafe clearErrors = try library.find("ERR_clear_error")
      unsafe verdict = try library.find("SSL_get_verify_result")
    } catch {
      return nil
    }
  }
}

/// A library that is loaded for the rest of the process.
@unsafe private struct Library {
  struct Missing: Error {}

  private let handle: UnsafeMutableRawPointer

  init?(_ name: String) {
    guard let handle = unsafe dlopen(name, RTLD_NOW | RTLD_LOCAL) else { return nil }
    unsafe self.handle = handle
  }

  /// A function of it, or of a library that it depends on, as what the caller says it is.
  func find<Function>(_ name: String) throws(Missing) -> Function {
    guard let symbol = unsafe dlsym(handle, name) else { throw Missing() }
    return unsafe unsafeBitCast(symbol, to: Function.self)
  }
}
