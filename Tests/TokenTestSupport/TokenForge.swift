#if OAuth
package import Foundation
internal import JWTKit
package import Records

/// An authorization server as far as tests need one: its keys, the set it publishes, and tokens.
package enum TokenForge {
  /// What signs, and how.
  package struct Key: Sendable {
    /// The name of the algorithm.
    package let algorithm: String
    /// The public half, as a member of a key set; without a name.
    package let published: [String: JSONValue]
    fileprivate let signer: any JWTAlgorithm

    /// The published key under a name, with more members or others.
    package func published(
      as id: String?, _ more: [String: JSONValue] = [:]
    ) -> JSONValue {
      var members = published
      members["kid"] = id.map(JSONValue.string)
      members.merge(more) { $1 }
      return .object(members)
    }

    /// The same key for another algorithm, as a mistaken or hostile issuer would use it.
    package func pretending(_ algorithm: String) -> Key {
      Key(algorithm: algorithm, published: published, signer: signer)
    }
  }

  /// A new key on the curve P-256.
  package static func es256() async throws -> Key {
    let key = ES256PrivateKey()
    return try await elliptic("ES256", key.curve, key.parameters) {
      await $0.add(ecdsa: key, kid: $1)
    }
  }

  /// A new key on the curve P-384.
  package static func es384() async throws -> Key {
    let key = ES384PrivateKey()
    return try await elliptic("ES384", key.curve, key.parameters) {
      await $0.add(ecdsa: key, kid: $1)
    }
  }

  /// A new key on the curve Ed25519.
  package static func ed25519() async throws -> Key {
    let key = try EdDSA.PrivateKey()
    return Key(
      algorithm: "EdDSA",
      published: [
        "kty": "OKP", "crv": "Ed25519", "x": .string(url(key.publicKey.rawRepresentation)),
      ],
      signer: try await signer { await $0.add(eddsa: key, kid: $1) })
  }

  /// The RSA key of RFC 7515, appendix A.2.
  package static func rsa(_ algorithm: String = "RS256") async throws -> Key {
    try await rsa(algorithm, modulus: modulus, privateExponent: privateExponent)
  }

  /// Another RSA key.
  package static func otherRSA() async throws -> Key {
    try await rsa("RS256", modulus: otherModulus, privateExponent: otherPrivateExponent)
  }

  /// What signs with a secret that others may know: what is published of another key.
  package static func hmac(_ secret: String) async throws -> Key {
    Key(
      algorithm: "HS256", published: [:],
      signer: try await signer {
        await $0.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256, kid: $1)
      })
  }

  /// The text of a key set.
  package static func set(_ keys: [JSONValue]) throws -> Data {
    try JSON.data(JSONValue.object(["keys": .array(keys)]))
  }

  /// A token with this header and these claims; the header names the key's algorithm unless it names
  /// another.
  package static func token(
    _ claims: [String: JSONValue], _ key: Key, header: [String: JSONValue] = [:]
  ) throws -> String {
    let header = ["alg": .string(key.algorithm), "typ": "at+jwt"].merging(header) { $1 }
    let signed = try url(JSON.data(header)) + "." + url(JSON.data(claims))
    return signed + "." + url(Data(try key.signer.sign(Array(signed.utf8))))
  }

  /// Bytes as base64url.
  package static func url(_ data: Data) -> String { url(data.base64EncodedString()) }

  private static func url(_ base64: String) -> String {
    base64.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  // MARK: Keys

  private static func signer(
    _ add: (JWTKeyCollection, JWKIdentifier) async throws -> Void
  ) async throws -> any JWTAlgorithm {
    let collection = JWTKeyCollection()
    try await add(collection, "k")
    return try await collection.getKey(for: "k")
  }

  private static func elliptic(
    _ algorithm: String, _ curve: ECDSACurve, _ point: ECDSAParameters?,
    _ add: (JWTKeyCollection, JWKIdentifier) async throws -> Void
  ) async throws -> Key {
    Key(
      algorithm: algorithm,
      published: [
        "kty": "EC", "crv": .string(curve.rawValue), "x": .string(url(point?.x ?? "")),
        "y": .string(url(point?.y ?? "")),
      ],
      signer: try await signer(add))
  }

  private static func rsa(
    _ algorithm: String, modulus: String, privateExponent: String
  ) async throws -> Key {
    let key = try Insecure.RSA.PrivateKey(
      modulus: modulus, exponent: "AQAB", privateExponent: privateExponent)
    return Key(
      algorithm: algorithm,
      published: ["kty": "RSA", "n": .string(modulus), "e": "AQAB"],
      signer: try await signer {
        if algorithm == "PS256" {
          await $0.add(pss: key, digestAlgorithm: .sha256, kid: $1)
        } else {
          await $0.add(rsa: key, digestAlgorithm: .sha256, kid: $1)
        }
      })
  }

  private static let modulus =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt"
    + "0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSX"
    + "ndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5"
    + "IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
  private static let privateExponent =
    "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol"
    + "2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn43"
    + "9X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8"
    + "bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ"
  private static let otherModulus =
    "n8eDRmIckAyd3gFfB597DQbvmxtmZ48cvYiTsR712nDSwMLVEb7AWhRO-MioW9N-KSD3FPjH8-8D1nif5Dk3Q0Hx"
    + "ZPij-A9s15pOqCrf7UswRAJ3qk-5IMzcmV5TSmcbU6LgR2Ytm3boPGoE4Wk6hgqrhuO-Ohmf0tRtZQIKKQakW-gc"
    + "KuA3VHoBRPMeSjfG4FU71RxQrmlTD0wQ8-HvaB5vw8K0fK9hxkBeoZ2x6lMO8K5thYmnut3zAGwIjLQ7US1HZzeb"
    + "lGFVtzNfrAqHe14JXWrttTMkWgHVu-x0BoJsCe1OAlidxgeSxU6iFVT__ndNmh4D4vPOFsIxg8TUMw"
  private static let otherPrivateExponent =
    "LWT2J3t9aPGksmvKT3SgdamITpWAySBQRor0hwhoShjuz6Qq--Epbg5CB42ew4P5Xn8Go9cwm93Gxdq8do9I45tr"
    + "FUhM8Y-UWUb2XPHdb-ICQvg-fk0rKCX78LjrSgK0MVVfifl-MKKeRXfLji0i2u1SIT84DvKzxSbkM6PaNiBBijdh"
    + "zNkTBhJIZMqJZc6uzpMLG7Whp761zAzVzSA2NvMdPPiOzAG_6DhG04RfZQZK4ohWELp3ahQs2m9MXYpGcfbskcQv"
    + "k2FgODsBGQeKObnhe_hF2Iexr-AnXimL6VWOC122bDGoKrbQBQol9KI1RtWlpOu0dJYZeYaKr9Ao4Q"

  /// The token of RFC 7515, appendix A.2, signed with `rsa()`; it names the issuer joe, and no audience.
  package static let tokenOfTheStandard =
    "eyJhbGciOiJSUzI1NiJ9"
    + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    + "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W"
    + "2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkS"
    + "jtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnv"
    + "Wh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
}
#endif
