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
        HostMemory.returnBlocks(ofAtLeast: 128 << 10)
        let lock = try DirectoryLock(options.runtimeDirectory)
        defer { lock.release() }
        try makeDirectory(options.stateDirectory)
        raiseFileLimit()
        let places = try await places()
        let store = SQLiteStore(
            path: options.stateDirectory + "/" + SQLiteStore.fileName, region: options.region)
        try await checkRegion(of: store)

        let network = HostNetwork()
        let attachPoints = try attachPoints(network)
        let dataplane = try await installDataplane(attachPoints)
        let host = HostShell(
            network: network, watch: try watch(), interfaces: attachPoints, announce: options.announce,
            managesSettings: options.manageSysctls, adoptedVIPs: try dataplane.maps.tables().vips,
            logger: Logger(label: "shoal.host"))
        let controller = Controller(
            store: store,
            dataplane: KernelDataplane(dataplane, pins: PinDirectory(options.bpffsDirectory)), host: host,
            checker: HealthChecker(sourceAddresses: options.healthCheckSourceAddresses),
            healthFile: StateFile(path: options.stateDirectory + "/health.json"),
            surroundings: Surroundings(
                region: options.region, vipPrefixes: options.vipCidrs, targetPrefixes: options.targetCidrs,
                subnets: options.subnets),
            logger: Logger(label: "shoal.controller"))
        do { try await controller.start() } catch { throw StartError("\(error)") }
        try await serve(controller, store, at: places)
        logger.notice("stopped; forwarding goes on")
    }

    private func serve(_ controller: Controller, _ store: SQLiteStore, at places: APIServer.Places) async throws {
        let localAccess = LocalAccess.ofThisHost()
        let authenticator = Authenticator(
            store: store, localAccess: localAccess, region: options.region,
            clock: { UnixTime(seconds: Int64(Date().timeIntervalSince1970)) }, logger: Logger(label: "shoal.access"))
        let api = AdminAPI(
            controller: controller, store: store, authenticator: authenticator,
            about: .init(version: shoalVersion, processID: getpid(), startedAt: Date()), region: options.region)
        let socket = places.socketPath
        unlink(socket)
        let server = api.server(at: places, logger: Logger(label: "shoal.api")) { addresses in
            self.openSocket(to: localAccess)
            var metadata: Logger.Metadata = ["socket": "\(socket)"]
            if !addresses.isEmpty {
                metadata["listen"] = "\(addresses.map(\.socketDescription).joined(separator: ", "))"
            }
            self.logger.notice("ready", metadata: metadata)
        }
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: controller), .init(service: authenticator), .init(service: server)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "shoal.lifecycle")))
        defer { unlink(socket) }
        do { try await group.run() } catch let error as APIServer.ListenError {
            throw StartError("\(error)", isPermission: error.isPermission)
        }
    }

    /// Where the API will be, as far as that can be known to work before anything is touched.
    private func places() async throws -> APIServer.Places {
        let certificate: ServerCertificate?
        do {
            certificate = try options.tls.map { tls throws(ServerCertificate.LoadError) in
                try ServerCertificate(certificateFile: tls.certificate, keyFile: tls.key)
            }
        } catch {
            throw StartError("TLS: \(error)", isPermission: error.isPermission)
        }
        do { try await APIServer.check(options.listen) } catch {
            let remedy =
                error.isPermission
                ? "ports below 1024 need root or CAP_NET_BIND_SERVICE" : "say another --listen, or stop what is there"
            throw StartError("\(error); \(remedy)", isPermission: error.isPermission)
        }
        return APIServer.Places(
            socketPath: options.socketPath, addresses: options.listen, certificate: certificate
        ) { descriptor in
            let process = try HostNetwork().process(connectedTo: descriptor)
            return PeerCredentials(processID: process.processID, uid: process.uid, gids: process.gids)
        }
    }

    /// Lets root and the two groups connect, as far as there are any; what they may do is decided by their credentials.
    private func openSocket(to access: LocalAccess) {
        let socket = options.socketPath
        if let group = access.writersGroup { chown(socket, .max, group) }
        chmod(socket, 0o660)
        guard let group = access.readersGroup else { return }
        do { try HostNetwork().letGroup(group, use: socket) } catch {
            logger.warning("members of group shoal-read cannot connect: \(error)")
        }
    }

    /// What is there of another region would be changed by nobody, and must not be served half.
    private func checkRegion(of store: SQLiteStore) async throws {
        // One that cannot be read now may be later; the controller waits for it, and looks at the region again.
        guard let stored = try? await store.read(), stored.configuration.region != options.region else { return }
        throw StartError(
            """
            the stored resources are of region \(stored.configuration.region), and this daemon is to serve \
            \(options.region): say region: \(stored.configuration.region), or give it another stateDirectory
            """)
    }

    /// Connections of the API and probes are many files, and the usual limit is low for the sake of select(2).
    private func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = min(limit.rlim_max, 1 << 16)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private func installDataplane(_ interfaces: [AttachPoint]) async throws -> Dataplane {
        let keyFile = StateFile<[UInt64]>(path: options.stateDirectory + "/flow-hash-key.json")
        let stored = storedHashKey(keyFile)
        do throws(DataplaneError) {
            let dataplane = try Dataplane(
                pins: PinDirectory(options.bpffsDirectory), interfaces: interfaces, mode: options.xdpMode,
                hashKey: stored ?? .random(), pinPolicy: PinPolicy(isOn: options.keepsFlows))
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

    private func watch() throws -> NetworkWatch {
        do { return try NetworkWatch() } catch { throw StartError("\(error)") }
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
            // Others must come through to the socket; what is in there has modes of its own.
            if !FileManager.default.fileExists(atPath: directory) {
                try FileManager.default.createDirectory(
                    atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
            }
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
