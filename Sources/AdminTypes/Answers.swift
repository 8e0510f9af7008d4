// What the API answers, as the daemon writes it and the CLI reads it.

/// How things stand.
public struct StatusAnswer: Codable, Sendable, Hashable {
    public struct Interface: Codable, Sendable, Hashable {
        public var name: String
        /// `native` or `generic`.
        public var mode: String
        public var warning: String?

        public init(name: String, mode: String, warning: String?) {
            self.name = name
            self.mode = mode
            self.warning = warning
        }
    }

    public struct Service: Codable, Sendable, Hashable {
        public var loadBalancer: String
        public var name: String
        /// `VIP:port` of its listeners.
        public var listeners: [String]
        public var targets: Int
        /// Those that take new flows.
        public var usable: Int

        public init(loadBalancer: String, name: String, listeners: [String], targets: Int, usable: Int) {
            self.loadBalancer = loadBalancer
            self.name = name
            self.listeners = listeners
            self.targets = targets
            self.usable = usable
        }
    }

    public var version: String
    public var processID: Int32
    /// Seconds since 1970.
    public var startedAt: Int64
    public var desiredRevision: UInt64
    public var installedRevision: UInt64
    public var isDetached: Bool
    public var interfaces: [Interface]
    public var services: [Service]
    /// Sentences, most urgent first; empty when all is well.
    public var problems: [String]

    public init(
        version: String, processID: Int32, startedAt: Int64, desiredRevision: UInt64, installedRevision: UInt64,
        isDetached: Bool, interfaces: [Interface], services: [Service], problems: [String]
    ) {
        self.version = version
        self.processID = processID
        self.startedAt = startedAt
        self.desiredRevision = desiredRevision
        self.installedRevision = installedRevision
        self.isDetached = isDetached
        self.interfaces = interfaces
        self.services = services
        self.problems = problems
    }
}

/// The health of the targets of one backend service.
public struct HealthAnswer: Codable, Sendable, Hashable {
    public struct Target: Codable, Sendable, Hashable {
        public var address: String
        public var port: Int
        public var weight: Int
        /// `healthy`, `unhealthy`, `initial`, or `N/A` when it is not checked.
        public var health: String
        /// `stopped` for the target of a stopped instance.
        public var state: String
        /// `connect_timeout`, `connect_refused`, `connect_reset`, `echo_timeout`, `unreachable` or `inconclusive`; absent when healthy.
        public var reason: String?
        /// The error's text.
        public var detail: String?
        /// Seconds since 1970 of the last change of health.
        public var since: Int64?
        /// Share of the service's slots, 0...1.
        public var share: Double

        public init(
            address: String, port: Int, weight: Int, health: String, state: String, reason: String?, detail: String?,
            since: Int64?, share: Double
        ) {
            self.address = address
            self.port = port
            self.weight = weight
            self.health = health
            self.state = state
            self.reason = reason
            self.detail = detail
            self.since = since
            self.share = share
        }
    }

    public var loadBalancer: String
    public var service: String
    public var targets: [Target]

    public init(loadBalancer: String, service: String, targets: [Target]) {
        self.loadBalancer = loadBalancer
        self.service = service
        self.targets = targets
    }
}

/// What a document changed.
public struct ApplyAnswer: Codable, Sendable, Hashable {
    public struct Change: Codable, Sendable, Hashable {
        /// `created`, `updated` or `deleted`.
        public var action: String
        /// Kind and name, as in `listener web/http`.
        public var resource: String

        public init(action: String, resource: String) {
            self.action = action
            self.resource = resource
        }
    }

    public var revision: UInt64
    public var installedRevision: UInt64
    public var dryRun: Bool
    public var changes: [Change]
    /// Of a dry run, the services whose slots would move; else absent.
    public var tables: [TableForecastAnswer]?
    /// Why the kernel does not hold the change yet.
    public var failure: String?

    public init(
        revision: UInt64, installedRevision: UInt64, dryRun: Bool, changes: [Change],
        tables: [TableForecastAnswer]? = nil, failure: String?
    ) {
        self.tables = tables
        self.revision = revision
        self.installedRevision = installedRevision
        self.dryRun = dryRun
        self.changes = changes
        self.failure = failure
    }
}

/// What a document would change, field by field.
public struct PlanAnswer: Codable, Sendable, Hashable {
    public struct Change: Codable, Sendable, Hashable {
        /// `created`, `updated` or `deleted`.
        public var action: String
        /// Kind and name, as in `listener web/http`.
        public var resource: String
        public var fields: [FieldDifference]

        public init(action: String, resource: String, fields: [FieldDifference]) {
            self.action = action
            self.resource = resource
            self.fields = fields
        }
    }

    /// The one that the document was compared with.
    public var revision: UInt64
    /// Empty when the document says what is there.
    public var changes: [Change]
    /// The services whose slots would move.
    public var tables: [TableForecastAnswer]

    public init(revision: UInt64, changes: [Change], tables: [TableForecastAnswer] = []) {
        self.tables = tables
        self.revision = revision
        self.changes = changes
    }
}

/// Why a request was refused. Nothing has changed then.
public struct ErrorAnswer: Codable, Sendable, Hashable, Error {
    public struct Detail: Codable, Sendable, Hashable {
        /// The field, as in `loadBalancers[0].listeners[1].port`.
        public var path: String
        public var message: String

        public init(path: String, message: String) {
            self.path = path
            self.message = message
        }
    }

    public struct Body: Codable, Sendable, Hashable {
        /// The HTTP status.
        public var code: Int
        /// `INVALID_ARGUMENT`, `NOT_FOUND`, `CONFLICT`, `QUOTA_EXCEEDED`, `INTERNAL` and the like.
        public var status: String
        public var message: String
        public var details: [Detail]?

        public init(code: Int, status: String, message: String, details: [Detail]? = nil) {
            self.code = code
            self.status = status
            self.message = message
            self.details = details
        }
    }

    public var error: Body

    public init(_ error: Body) { self.error = error }
}
