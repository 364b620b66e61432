/// Everything that can be set, by name.
///
/// The name is what the settings file uses (a dot stands for an object around the key) and what an
/// environment variable has after `RECOLLECT_`, in capitals, with `_` for the dot.
package enum SettingKey: String, CaseIterable, Sendable {
  case dataDirectory = "data_directory"
  case model
  case tools
  case readOnly = "read_only"
  case user
  case defaultUser = "default_user"
  case transport
  case host
  case port
  case auth
  case allowedHosts = "allowed_hosts"
  case allowedOrigins = "allowed_origins"
  case publicURL = "public_url"
  case maxRequestBytes = "max_request_bytes"
  case tokenIssuer = "token_issuer"
  case tokenKeys = "token_keys"
  case acceptedAudiences = "accepted_audiences"
  case identityClaim = "identity_claim"
  case sessionTimeoutHours = "session_timeout_hours"
  case maxSessionsPerUser = "max_sessions_per_user"
  case sessionCleanupIntervalMinutes = "session_cleanup_interval_minutes"
  case enableSessionTracking = "enable_session_tracking"
  case expiredSessionRetentionDays = "expired_session_retention_days"
  case memoryOnSessionPurge = "memory_on_session_purge"
  case semanticWeight = "retrieval.semantic_weight"
  case keywordWeight = "retrieval.keyword_weight"
  case neighborWeight = "retrieval.neighbor_weight"
  case conversationWeight = "retrieval.conversation_weight"
  case questionPenalty = "retrieval.question_penalty"
  case passagePenalty = "retrieval.passage_penalty"
  case recencyWeight = "retrieval.recency_weight"
  case recencyHalfLife = "retrieval.recency_half_life_days"
  case importanceWeight = "retrieval.importance_weight"
  case frequencyWeight = "retrieval.frequency_weight"
  case sessionWeight = "retrieval.session_weight"
  case timeWeight = "retrieval.time_weight"
  case generatedPenalty = "retrieval.generated_penalty"
  case answerModelProvider = "answer_model.provider"
  case answerModelURL = "answer_model.url"
  case answerModelName = "answer_model.model"
  case answerModelKey = "answer_model.key"
  case answerModelKeyFile = "answer_model.key_file"
  case answerModelConnectTimeout = "answer_model.connect_timeout_seconds"
  case answerModelTimeout = "answer_model.timeout_seconds"
  case answerModelAttempts = "answer_model.attempts"
  case logLevel = "log_level"
  case logFormat = "log_format"

  /// What it means, for whoever sets it.
  package var meaning: String {
    switch self {
    case .dataDirectory: "the folder of the database"
    case .model: "the folder of an embedding model, or 'hashing' for spelling instead of meaning"
    case .tools: "which tools a server offers: standard, core, all, or names with commas"
    case .readOnly: "whether a server offers no tool that writes"
    case .user: "the one user to whom a server binds its client"
    case .defaultUser: "whom a client means that names no user and is bound to none"
    case .transport: "how a server is reached: stdio or http"
    case .host: "the address a server listens on; without auth only this machine's own"
    case .port: "the port a server listens on; 0 lets the system choose"
    case .auth: "who may enter over HTTP: none, keys, oauth; keys when there are any, else none"
    case .allowedHosts: "names by which the server may be addressed, with commas; * for any"
    case .allowedOrigins: "origins of web pages that may ask, with commas"
    case .publicURL: "the URL of the endpoint as clients use it, behind a proxy"
    case .maxRequestBytes: "the most bytes a request over HTTP may have"
    case .tokenIssuer: "the authorization server whose tokens are accepted"
    case .tokenKeys: "the JSON Web Key Set of the authorization server: a file or a URL"
    case .acceptedAudiences: "audiences a token may be for, with commas; the public URL if not set"
    case .identityClaim: "the claim of a token that names the user"
    case .sessionTimeoutHours: "hours without activity after which a session expires"
    case .maxSessionsPerUser: "active sessions of a user; one more expires the least recently used"
    case .sessionCleanupIntervalMinutes: "minutes between two looks for overdue sessions"
    case .enableSessionTracking: "whether there are sessions at all"
    case .expiredSessionRetentionDays: "days for which expired sessions are kept"
    case .memoryOnSessionPurge: "what becomes of a purged session's memories: keep or delete"
    case .semanticWeight: "how much meaning counts in a hybrid search"
    case .keywordWeight: "how much words count in a hybrid search"
    case .neighborWeight: "how much the turns beside a memory count with its meaning"
    case .conversationWeight: "how much it counts that a session holds the words of the query"
    case .questionPenalty: "the share of its relevance that a memory loses which only asks"
    case .recencyWeight: "the share of its relevance that a memory gains for being new"
    case .recencyHalfLife: "days after which a memory is half as new"
    case .importanceWeight: "the share of its relevance that a memory gains or loses by importance"
    case .frequencyWeight: "the share of its relevance that a memory gains for being shown often"
    case .sessionWeight: "the share of its relevance that a memory of the session asked gains"
    case .timeWeight: "the share of its relevance that a memory of a time the query names gains"
    case .generatedPenalty: "the share of its relevance that an earlier answer loses"
    case .passagePenalty: "what similarity loses for each doubling of a memory's passages"
    case .answerModelProvider: "who answers questions: extractive (quotes), or openai for the model"
    case .answerModelURL:
      "the base of a model that speaks the OpenAI protocol, as http://127.0.0.1:11434/v1"
    case .answerModelName: "the name of the model there; it extracts facts where infer is true"
    case .answerModelKey: "the key of the model; better in the environment or a file of its own"
    case .answerModelKeyFile: "a file that holds the key of the model and nothing else"
    case .answerModelConnectTimeout: "seconds that connecting to the model may take"
    case .answerModelTimeout: "seconds that its answer may take, all attempts together"
    case .answerModelAttempts: "how often it is asked at most when something passing goes wrong"
    case .logLevel: "trace, debug, info, notice, warning, error or critical"
    case .logFormat: "how log lines look: text or json"
    }
  }

  /// Whether it says how hits are ranked.
  package var isOfRetrieval: Bool { rawValue.hasPrefix("retrieval.") }

  /// Whether its value is shown to nobody.
  package var isSecret: Bool { self == .answerModelKey }

  /// The environment variable that sets it.
  package var variable: String {
    SettingSources.variablePrefix
      + rawValue.uppercased().split(separator: ".").joined(separator: "_")
  }

  /// The key of an environment variable, if it is one.
  init?(variable: String) {
    guard let key = Self.allCases.first(where: { $0.variable == variable }) else { return nil }
    self = key
  }
}
