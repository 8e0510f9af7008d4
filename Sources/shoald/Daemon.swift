internal import AdminAPI
internal import Authentication
internal import ControlPlane
internal import Dataplane
internal import Foundation
internal import HealthChecking
internal import HostNetwork
internal import Hummingbird
internal import Logging
internal import NetworkTypes
internal import ServiceLifecycle
internal import ServiceModel
internal import Store
internal import UnixSignals

/// Why the daemon did not start. Nothing that was forwarding before has stopped.
struct StartError: Error, CustomStringConvertible {
    let description: String
    let isPermission: Bool

    init(_ description: String, isPermission: Bool = false) {
        self.description = description
        self.isPermission = isPermission
    }
}

/// The wiring: data plane, host, store, controller and API, started in this order and stopped in the other.
struct Daemon {
    let options: DaemonOptions
    private let logger = Logger(label: "shoald")

    init(options: DaemonOptions) { self.options = options }

    /// Returns after SIGTERM or SIGINT.
    func run() async throws {
        umask(0o077)
        let lock = try DirectoryLock(options.runtimeDirectory)
        defer { lock.release() }
        try makeDirectory(options.stateDirectory)

        let network = HostNetwork()
        let attachPoints = try attachPoints(network)
        let dataplane = try await installDataplane(attachPoints)
        let host = HostShell(
            network: network, interfaces: attachPoints, announce: options.announce,
            managesSettings: options.manageSysctls, adoptedVIPs: try dataplane.maps.tables().vips,
            logger: Logger(label: "shoal.host"))
        let store = SQLiteStore(path: options.stateDirectory + "/" + SQLiteStore.fileName)
        let controller = Controller(
            store: store,
            dataplane: KernelDataplane(dataplane, pins: PinDirectory(options.bpffsDirectory)), host: host,
            checker: HealthChecker(sourceAddresses: options.healthCheckSourceAddresses),
            healthFile: StateFile(path: options.stateDirectory + "/health.json"),
            surroundings: Surroundings(vipPrefixes: options.vipCidrs, targetPrefixes: options.targetCidrs),
            logger: Logger(label: "shoal.controller"))
        do { try await controller.start() } catch { throw StartError("\(error)") }
        try await serve(controller, store)
        logger.notice("stopped; forwarding goes on")
    }

    private func serve(_ controller: Controller, _ store: SQLiteStore) async throws {
        let region = Configuration.defaultRegion
        let authenticator = Authenticator(
            store: store, localAccess: .ofThisHost(), region: region,
            clock: { UnixTime(seconds: Int64(Date().timeIntervalSince1970)) }, logger: Logger(label: "shoal.access"))
        let api = AdminAPI(
            controller: controller, store: store, authenticator: authenticator,
            about: .init(version: shoalVersion, processID: getpid(), startedAt: Date()), region: region)
        let socket = options.socketPath
        unlink(socket)
        let server = api.server(socketPath: socket, logger: Logger(label: "shoal.api")) {
            chmod(socket, 0o660)
            self.logger.notice("ready", metadata: ["socket": "\(socket)"])
        }
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: controller), .init(service: authenticator), .init(service: server)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "shoal.lifecycle")))
        defer { unlink(socket) }
        try await group.run()
    }

    private func installDataplane(_ interfaces: [AttachPoint]) async throws -> Dataplane {
        let keyFile = StateFile<[UInt64]>(path: options.stateDirectory + "/flow-hash-key.json")
        let stored = storedHashKey(keyFile)
        do throws(DataplaneError) {
            let dataplane = try Dataplane(
                pins: PinDirectory(options.bpffsDirectory), interfaces: interfaces, mode: options.xdpMode,
                hashKey: stored ?? .random())
            if stored != dataplane.hashKey { store(dataplane.hashKey, in: keyFile) }
            for attachment in dataplane.attachments {
                logger.notice(
                    "attached",
                    metadata: [
                        "interface": "\(attachment.interface)", "mode": "\(attachment.mode)",
                        "adopted": "\(attachment.isAdopted)",
                    ])
                if let warning = attachment.warning { logger.warning("\(warning)") }
            }
            return dataplane
        } catch {
            throw StartError("\(error)", isPermission: error.isPermission)
        }
    }

    // The pinned maps hold the secret, too, and count more: the file is for the time when those are gone. So a disk in
    // trouble is no reason not to start.

    private func storedHashKey(_ file: StateFile<[UInt64]>) -> HashKey? {
        do {
            return try file.read().flatMap { $0.count == HashKey.wordCount ? HashKey(words: $0) : nil }
        } catch {
            logger.warning("the stored secret of the flow hash is not used: \(error)")
            return nil
        }
    }

    private func store(_ key: HashKey, in file: StateFile<[UInt64]>) {
        do { try file.write(key.words) } catch {
            logger.error("after the next start of the host, connections will be hashed anew: \(error)")
        }
    }

    private func attachPoints(_ network: HostNetwork) throws -> [AttachPoint] {
        try options.interfaces.map { name in
            do {
                let interface = try network.interface(named: name)
                return AttachPoint(name: interface.name, index: interface.index.rawValue)
            } catch {
                let names = (try? network.interfaces().map(\.name).filter { $0 != "lo" }) ?? []
                throw StartError(
                    "there is no interface named \(name); this host has \(names.joined(separator: ", "))")
            }
        }
    }

    private func makeDirectory(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw StartError("cannot make the directory \(path): \(error.localizedDescription)")
        }
    }
}

/// Sees to it that two daemons do not share one run-time directory.
struct DirectoryLock {
    private let descriptor: Int32

    /// - Throws: `StartError` when another daemon holds the lock.
    init(_ directory: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw StartError(
                "cannot make the directory \(directory): \(error.localizedDescription)", isPermission: geteuid() != 0)
        }
        let path = directory + "/shoald.lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StartError("cannot open \(path): \(String(cString: strerror(errno)))", isPermission: errno == EACCES)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw StartError(
                "another shoald runs with \(directory); give this one a --runtime-directory of its own")
        }
    }

    func release() { close(descriptor) }
}
