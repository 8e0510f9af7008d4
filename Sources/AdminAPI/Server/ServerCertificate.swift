internal import Foundation
internal import NIOSSL

/// What the API shows of itself over TLS.
public struct ServerCertificate: Sendable {
    let context: NIOSSLContext

    /// Why two files are no certificate and its key.
    public struct LoadError: Error, Sendable, CustomStringConvertible {
        public let description: String
        /// Whether the files may not be read.
        public let isPermission: Bool
    }

    /// Reads both files, in PEM; the certificate may be followed by those of its issuers.
    ///
    /// Speaks TLS 1.2 and 1.3. A certificate that is renewed is used from the next start on.
    public init(certificateFile: String, keyFile: String) throws(LoadError) {
        let chain = try Self.read(certificateFile, "certificate", NIOSSLCertificate.fromPEMBytes)
        let key = try Self.read(keyFile, "private key without a passphrase") { bytes in
            try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = ServerLimits.farewell
        do { context = try NIOSSLContext(configuration: configuration) } catch {
            throw LoadError(
                description: "\(keyFile) does not hold the key of the certificate in \(certificateFile): \(error)",
                isPermission: false)
        }
    }

    private static func read<Value>(
        _ file: String, _ what: String, _ parse: ([UInt8]) throws -> Value
    ) throws(LoadError) -> Value {
        let bytes: [UInt8]
        do { bytes = [UInt8](try Data(contentsOf: URL(filePath: file))) } catch {
            throw LoadError(
                description: "cannot read \(file): \(error.localizedDescription)",
                isPermission: (error as? CocoaError)?.code == .fileReadNoPermission)
        }
        do { return try parse(bytes) } catch {
            throw LoadError(description: "\(file) holds no \(what) in PEM", isPermission: false)
        }
    }
}
