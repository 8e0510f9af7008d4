internal import AdminTypes
internal import ServiceModel

/// The store of the first versions: all resources in one document, `resources.json`. Only read, to take it over.
struct ResourceFile {
    private struct Envelope: Codable {
        let revision: UInt64
        let document: String
    }

    let path: String

    init(directory: String) { path = directory + "/resources.json" }

    /// - Returns: `nil` when there is none.
    func read() throws(StoreError) -> StoredConfiguration? {
        let envelope: Envelope?
        do { envelope = try StateFile<Envelope>(path: path).read() } catch { throw .file(error) }
        guard let envelope else { return nil }
        do {
            let document = try ConfigurationDocument(parsing: envelope.document)
            return StoredConfiguration(revision: envelope.revision, configuration: document.configuration)
        } catch {
            throw .unreadable(path: path, problems: error)
        }
    }

    /// Renames it, so that it is not taken for the truth again.
    func retire() throws(StoreError) {
        do { try DurableFile.rename(path, to: path + ".imported") } catch { throw StoreError(error, path: path) }
    }
}
