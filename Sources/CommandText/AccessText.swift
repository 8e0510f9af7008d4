package import AdminTypes

extension KeyAnswer: Tabulated {
    package static let columns: [Column<Self>] = [
        Column("ACCESS KEY") { key, _ in key.accessKey },
        Column("ROLE") { key, _ in key.role },
        Column("STATE") { key, _ in key.isRevoked ? "revoked" : "valid" },
        Column("CREATED") { key, _ in key.createdTime },
        Column("BY") { key, _ in key.createdBy },
        Column("LAST USED") { key, _ in key.lastUsedTime ?? "" },
        Column("DESCRIPTION") { key, _ in key.description },
    ]
}

extension TokenAnswer: Tabulated {
    package static let columns: [Column<Self>] = [
        Column("TOKEN") { token, _ in token.tokenId },
        Column("ROLE") { token, _ in token.role },
        Column("STATE") { token, _ in token.isRevoked ? "revoked" : "valid" },
        Column("CREATED") { token, _ in token.createdTime },
        Column("BY") { token, _ in token.createdBy },
        Column("LAST USED") { token, _ in token.lastUsedTime ?? "" },
        Column("DESCRIPTION") { token, _ in token.description },
    ]
}
