// What the API answers about tables: who gets the flows of a service, and what a change would do to that.

/// Who gets the flows of one backend service.
public struct TableAnswer: Codable, Sendable, Hashable {
    public struct Flows: Codable, Sendable, Hashable {
        public var opening: Int
        public var seenOnce: Int
        public var established: Int
        public var closing: Int
        public var udp: Int

        public init(opening: Int, seenOnce: Int, established: Int, closing: Int, udp: Int) {
            self.opening = opening
            self.seenOnce = seenOnce
            self.established = established
            self.closing = closing
            self.udp = udp
        }

        /// Those that are under way: neither over nor perhaps never answered.
        public var live: Int { seenOnce + established + udp }
    }

    public struct Target: Codable, Sendable, Hashable {
        /// Address and port, as `10.1.0.11:8080`.
        public var endpoint: String
        /// `enabled`, `draining` or `disabled`; absent for a target that has left the service.
        public var adminState: String?
        /// When a draining target is done; absent when only its flows say when.
        public var drainUntil: String?
        public var weight: Int
        /// `healthy`, `unhealthy`, `initial`, or `N/A` when it is not checked.
        public var health: String
        /// Slots whose new flows it gets.
        public var slots: Int
        /// Part of all slots that these are, 0...1.
        public var share: Double
        /// Part of all slots by weight alone, 0...1.
        public var dueShare: Double
        /// Moving slots whose older flows are with it.
        public var previousSlots: Int
        /// Live flows of moving slots that are pinned to it.
        public var flows: Flows
        /// Whether it has left the service, and stays as long as flows may be with it.
        public var isLeaving: Bool

        /// - Parameter drainUntil: In Unix seconds.
        public init(
            endpoint: String, adminState: String?, drainUntil: Int64?, weight: Int, health: String, slots: Int,
            share: Double, dueShare: Double, previousSlots: Int, flows: Flows, isLeaving: Bool
        ) {
            self.endpoint = endpoint
            self.adminState = adminState
            self.drainUntil = drainUntil.map { UTCTime.text($0) }
            self.weight = weight
            self.health = health
            self.slots = slots
            self.share = share
            self.dueShare = dueShare
            self.previousSlots = previousSlots
            self.flows = flows
            self.isLeaving = isLeaving
        }
    }

    public var loadBalancer: String
    public var service: String
    /// Counts the tables that the service has had; wraps.
    public var generation: UInt32
    /// 0 when no listener uses the service, or nobody may take a flow.
    public var slots: Int
    public var movingSlots: Int
    /// Of the table in force, 16 hexadecimal digits; absent where there is none.
    public var digest: String?
    /// Of the table by weight alone; absent for a service without servers.
    public var canonicalDigest: String?
    public var targets: [Target]

    public init(
        loadBalancer: String, service: String, generation: UInt32, slots: Int, movingSlots: Int, digest: UInt64?,
        canonicalDigest: UInt64?, targets: [Target]
    ) {
        func text(_ digest: UInt64) -> String {
            let digits = String(digest, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        self.loadBalancer = loadBalancer
        self.service = service
        self.generation = generation
        self.slots = slots
        self.movingSlots = movingSlots
        self.digest = digest.map(text)
        self.canonicalDigest = canonicalDigest.map(text)
        self.targets = targets
    }
}

/// What a change would do to the table of one backend service.
public struct TableForecastAnswer: Codable, Sendable, Hashable {
    public struct Target: Codable, Sendable, Hashable {
        /// Address and port, as `10.1.0.11:8080`.
        public var endpoint: String
        /// Share of the slots, 0...1, as is the next.
        public var before: Double
        public var after: Double

        public init(endpoint: String, before: Double, after: Double) {
            self.endpoint = endpoint
            self.before = before
            self.after = after
        }
    }

    public var loadBalancer: String
    public var service: String
    /// Share of the slots that get another owner, 0...1.
    public var movedShare: Double
    /// The least share that has to move for these shares.
    public var neededShare: Double
    /// Live flows that are pinned to targets which lose slots, and stay there; flows of settled slots are not counted by
    /// anybody. Absent when pins cannot be read.
    public var pinnedFlowsOfLosers: Int?
    public var targets: [Target]

    public init(
        loadBalancer: String, service: String, movedShare: Double, neededShare: Double, pinnedFlowsOfLosers: Int?,
        targets: [Target]
    ) {
        self.loadBalancer = loadBalancer
        self.service = service
        self.movedShare = movedShare
        self.neededShare = neededShare
        self.pinnedFlowsOfLosers = pinnedFlowsOfLosers
        self.targets = targets
    }
}
