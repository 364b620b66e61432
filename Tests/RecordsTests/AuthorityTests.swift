import Records
import Testing

@Suite struct AuthorityTests {
  private let ana = UserID(stored: "ana")
  private let ben = UserID(stored: "ben")
  private let session = SessionID.make()

  private func resolve(_ caller: Caller, _ user: UserID?, owner: UserID?) throws -> Scope {
    try Authority.resolve(session, for: caller, user: user) { id in
      owner.map { Owner(user: $0, session: id) }
    }
  }

  @Test func `a bound caller reaches its own records and nobody else's`() throws {
    #expect(try resolve(.bound(ana), nil, owner: ana).user == ana)
    #expect(try resolve(.bound(ana), ana, owner: ana).session == session)
    // A foreign session and one that does not exist get the same answer.
    let foreign = #expect(throws: ServiceError.self) { try resolve(.bound(ana), nil, owner: ben) }
    let unknown = #expect(throws: ServiceError.self) { try resolve(.bound(ana), nil, owner: nil) }
    let named = #expect(throws: ServiceError.self) { try resolve(.bound(ana), ben, owner: ben) }
    #expect(foreign == unknown && foreign == named && foreign?.code == .notFound)
    #expect(throws: ServiceError.self) { try Authority.scope(of: ben, for: .bound(ana)) }
    #expect(try Authority.scope(of: nil, for: .bound(ana)).user == ana)
  }

  @Test func `an unbound caller means the owner unless it names somebody`() throws {
    let caller = Caller.unbound(default: UserID(stored: "local"))
    #expect(try resolve(caller, nil, owner: ben).user == ben)
    #expect(try resolve(caller, ben, owner: ben).user == ben)
    #expect(throws: ServiceError.self) { try resolve(caller, ana, owner: ben) }
    #expect(try Authority.scope(of: nil, for: caller).user.description == "local")
    #expect(try Authority.scope(of: ana, for: caller).user == ana)
    let error = #expect(throws: ServiceError.self) {
      try Authority.scope(of: nil, for: .unbound(default: nil))
    }
    #expect(error?.field == "user_id")
  }

  @Test func `only an unbound caller administers`() {
    #expect(throws: Never.self) { try Authority.administration(for: .unbound(default: nil)) }
    let error = #expect(throws: ServiceError.self) {
      try Authority.administration(for: .bound(ana))
    }
    #expect(error?.code == .forbidden)
  }
}
