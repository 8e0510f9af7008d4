internal import Foundation

/// A value in a file of the state directory: read as a whole, replaced as a whole.
///
/// After `write` returns, the new value survives a crash of the machine; a crash before leaves the old one.
public struct StateFile<Value: Codable & Sendable>: Sendable {
    public let path: String

    public init(path: String) { self.path = path }

    /// - Returns: `nil` when there is no file.
    /// - Throws: `StateFileError` when it cannot be read or holds something else.
    public func read() throws(StateFileError) -> Value? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            return try JSONDecoder().decode(Value.self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw StateFileError(path: path, action: .read, cause: describe(error))
        }
    }

    /// Writes beside the file, forces that to the disk and renames it, for the owner's eyes only.
    public func write(_ value: Value) throws(StateFileError) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try replace(with: try encoder.encode(value))
        } catch {
            throw StateFileError(path: path, action: .write, cause: describe(error))
        }
    }

    private func replace(with data: Data) throws {
        let new = path + ".new"
        let descriptor = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw POSIXError.current }
        do {
            defer { close(descriptor) }
            try FileHandle(fileDescriptor: descriptor).write(contentsOf: data)
            guard fsync(descriptor) == 0 else { throw POSIXError.current }
        }
        guard rename(new, path) == 0 else { throw POSIXError.current }
        // The name is safe only when the directory is, too.
        let directory = open(URL(filePath: path).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        guard directory >= 0 else { throw POSIXError.current }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw POSIXError.current }
    }
}

/// A state file that could not be read or written.
public struct StateFileError: Error, Sendable, Hashable {
    public enum Action: String, Sendable, Hashable { case read, write }

    public let path: String
    public let action: Action
    public let cause: String
}

extension StateFileError: CustomStringConvertible {
    public var description: String { "cannot \(action.rawValue) \(path): \(cause)" }
}

extension POSIXError {
    static var current: POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
}

private func describe(_ error: any Error) -> String {
    switch error {
    case let error as POSIXError: String(cString: strerror(error.code.rawValue))
    case let error as DecodingError: "it does not hold what was expected (\(error))"
    default: error.localizedDescription
    }
}
