import AdminAPI
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NetworkTypes
import Testing

private let get = "GET /livez HTTP/1.1\r\nhost: shoal\r\n\r\n"
private let bodyMax = 4 << 20

private func post(_ headers: String = "", body: String = "") -> String {
    "POST /v1 HTTP/1.1\r\nhost: shoal\r\n\(headers)\r\n\(body)"
}

@Suite("time that a connection has")
struct ConnectionTimeTests {
    @Test(
        "a first request comes within 10 s, however many of its bytes do",
        arguments: ["", "G", "GET / HTTP/1.1\r\na: b"])
    func firstHead(begun: String) throws {
        let wire = try Wire()
        wire.pass(.seconds(5))
        try wire.send(begun)
        wire.pass(.milliseconds(4_900))
        #expect(wire.isOpen)
        wire.pass(.milliseconds(100))
        #expect(!wire.isOpen)
    }

    @Test("the next request comes within 60 s of the answer to the one before")
    func nextHead() throws {
        let wire = try Wire()
        try wire.send(get)
        wire.pass(.seconds(300))
        #expect(wire.isOpen, "the client has nothing to do while it waits for an answer")
        wire.answer()
        wire.pass(.seconds(59))
        try wire.send(get)
        wire.answer()
        wire.pass(.seconds(59))
        #expect(wire.isOpen)
        wire.pass(.seconds(1))
        #expect(!wire.isOpen)
    }

    @Test("a body comes within 30 s, or its reader is told so and the connection ends with the answer")
    func slowBody() throws {
        let wire = try Wire()
        try wire.send(post("content-length: 100\r\n"))
        for _ in 1...29 {
            wire.pass(.seconds(1))
            try wire.send("x")
        }
        #expect(wire.app.errors.isEmpty)
        wire.pass(.seconds(1))
        #expect(wire.app.refusals == [.bodyTooSlow])
        wire.answer(.requestTimeout)
        #expect(try wire.received().contains("\r\nconnection: close\r\n"))
        #expect(wire.isOpen)
        wire.pass(.seconds(2))
        #expect(!wire.isOpen)
    }

    @Test("a piece of an answer is read within 30 s")
    func unreadAnswer() throws {
        let wire = try Wire()
        try wire.send(get)
        wire.beginAnswer(body: String(repeating: "x", count: 100_000))
        wire.endAnswer()
        wire.pass(.milliseconds(29_900))
        #expect(wire.isOpen)
        wire.pass(.milliseconds(100))
        #expect(!wire.isOpen)
    }

    @Test("an answer that goes on for hours is no reason to end it, as long as it is read")
    func longAnswer() throws {
        let wire = try Wire()
        try wire.send(get)
        let tick = HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: "tick")))
        wire.beginAnswer()
        wire.channel.flush()
        for _ in 1...100 {
            wire.pass(.seconds(60))
            wire.channel.writeAndFlush(tick, promise: nil)
        }
        #expect(wire.isOpen)
        wire.channel.write(tick, promise: nil)
        wire.pass(.seconds(30))
        #expect(!wire.isOpen)
    }

    @Test("when the daemon stops, an answer has 3 s")
    func shutdown() throws {
        let wire = try Wire()
        try wire.send(get)
        wire.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        wire.pass(.milliseconds(2_900))
        #expect(wire.isOpen)
        wire.pass(.milliseconds(100))
        #expect(!wire.isOpen)
    }
}

@Suite("bytes that a connection may send")
struct ConnectionBytesTests {
    @Test("a body that says it is too large is refused before it comes, and nothing of it is kept")
    func announcedBody() throws {
        let wire = try Wire()
        try wire.send(post("content-length: \(bodyMax + 1)\r\nexpect: 100-continue\r\n"))
        #expect(wire.app.heads == ["/v1"] && wire.app.refusals == [.bodyTooLarge])
        #expect(try wire.received() == "", "no word of going on")
        try wire.send(String(repeating: "x", count: 100_000))
        #expect(wire.app.bodyBytes == 0)
        wire.answer(.payloadTooLarge)
        #expect(try wire.received().contains("\r\nconnection: close\r\n"))
    }

    @Test("a body in chunks is refused when it becomes too large")
    func chunkedBody() throws {
        let wire = try Wire()
        try wire.send(post("transfer-encoding: chunked\r\n"))
        let chunk = ByteBuffer(string: "10000\r\n\(String(repeating: "x", count: 0x10000))\r\n")
        for _ in 1...64 { try wire.send(chunk) }
        #expect(wire.app.bodyBytes == bodyMax && wire.app.errors.isEmpty)
        try wire.send("1\r\nx\r\n")
        #expect(wire.app.bodyBytes == bodyMax && wire.app.refusals == [.bodyTooLarge])
    }

    @Test("a refused client is listened to for 2 s or 16 MB, so that it comes to read its answer")
    func farewell() throws {
        let wire = try Wire()
        try wire.send(post("content-length: 1000000000\r\n"))
        wire.answer(.payloadTooLarge)
        let megabyte = ByteBuffer(repeating: 0x78, count: 1 << 20)
        for _ in 1...16 { try wire.send(megabyte) }
        #expect(wire.isOpen)
        try wire.send(megabyte)
        #expect(!wire.isOpen)
    }

    @Test("an answer before the end of a short body costs no connection; before that of a long one it does")
    func earlyAnswer() throws {
        for (length, goesOn) in [(100, true), (1_000_000, false)] {
            let wire = try Wire()
            try wire.send(post("content-length: \(length)\r\n", body: "x"))
            wire.answer(.notFound)
            #expect(try wire.received().contains("connection: close") == !goesOn)
            try wire.send(String(repeating: "x", count: length - 1) + get)
            #expect(wire.app.heads.count == (goesOn ? 2 : 1))
        }
    }

    @Test(
        "headers beyond 16 KB or 100 are refused with 431, in the words of the API",
        arguments: [
            "a: \(String(repeating: "x", count: 16 << 10))\r\n",
            String(repeating: "a: \(String(repeating: "x", count: 1_000))\r\n", count: 17),
            String(repeating: "a: b\r\n", count: 101),
        ])
    func headers(text: String) throws {
        let wire = try Wire()
        try wire.send("GET / HTTP/1.1\r\n\(text)\r\n")
        let answer = try wire.received()
        #expect(answer.hasPrefix("HTTP/1.1 431 Request Header Fields Too Large\r\n"))
        #expect(answer.contains("\r\nconnection: close\r\n") && answer.contains(#""status":"HEADER_TOO_LARGE""#))
        #expect(wire.app.heads.isEmpty && wire.app.errors.isEmpty)
        wire.pass(.seconds(2))
        #expect(!wire.isOpen)
    }

    @Test("a path of 16 KB and 100 headers are fine")
    func largestHead() throws {
        let wire = try Wire()
        try wire.send("GET /\(String(repeating: "x", count: 16_000)) HTTP/1.1\r\n")
        try wire.send(String(repeating: "a: b\r\n", count: 100) + "\r\n")
        #expect(wire.app.ends == 1)
    }

    @Test("what is no request is refused with 400, after the answers that are owed")
    func malformed() throws {
        let wire = try Wire()
        try wire.send(get + get + "\u{16}\u{3}\u{1} hello\r\n\r\n")
        #expect(wire.app.ends == 2)
        wire.answer(body: "one")
        #expect(try wire.received().contains("400 Bad Request") == false)
        wire.answer(body: "two")
        let answer = try wire.received()
        #expect(answer.contains("two") && answer.contains("HTTP/1.1 400 Bad Request"))
        #expect(answer.contains(#""status":"INVALID_ARGUMENT""#))
    }

    @Test("a body that breaks its chunks is refused where it is read")
    func malformedBody() throws {
        let wire = try Wire()
        try wire.send(post("transfer-encoding: chunked\r\n", body: "3\r\nabc\r\nzz\r\n"))
        #expect(wire.app.bodyBytes == 3 && wire.app.ends == 0 && wire.app.refusals == [.malformed])
    }

    @Test("a body that is cut short never looks like a whole one")
    func cutShort() throws {
        let wire = try Wire()
        try wire.send(post("content-length: 100\r\n", body: "prune: everything"))
        _ = try? wire.channel.finish()
        #expect(wire.app.ends == 0 && wire.app.refusals == [.malformed])
    }
}

@Suite("turns of a connection")
struct ConnectionTurnTests {
    @Test("16 requests may be sent ahead; they are answered, and the connection ends")
    func pipelining() throws {
        let wire = try Wire()
        try wire.send(String(repeating: get, count: 40))
        #expect(wire.app.ends == 16)
        for _ in 1...15 { wire.answer() }
        #expect(try !wire.received().contains("connection: close"))
        wire.answer()
        #expect(try wire.received().contains("connection: close"))
        wire.pass(.seconds(2))
        #expect(!wire.isOpen)
    }

    @Test("nothing is read while an answer is owed")
    func reading() throws {
        let wire = try Wire()
        try wire.send(get)
        let reads = wire.reads
        wire.channel.read()
        #expect(wire.reads == reads)
        wire.answer()
        #expect(wire.reads == reads + 1)
        wire.channel.read()
        #expect(wire.reads == reads + 2)
    }

    @Test("a client that asks before it sends a body is told to go on, in its turn")
    func expectation() throws {
        let wire = try Wire()
        try wire.send(get + post("content-length: 3\r\nexpect: 100-continue\r\n"))
        #expect(try wire.received() == "")
        wire.answer()
        #expect(try wire.received().hasSuffix("HTTP/1.1 100 Continue\r\n\r\n"))
        try wire.send("abc")
        wire.answer()
        #expect(try wire.received().hasPrefix("HTTP/1.1 200 OK"))
        #expect(wire.app.ends == 2 && wire.isOpen)
    }

    @Test(
        "after what goes on with something else than requests nothing is kept",
        arguments: [
            "GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nconnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
        ])
    func lastRequest(text: String) throws {
        let wire = try Wire()
        try wire.send(text)
        try wire.send(get)
        #expect(wire.app.heads.count == 1)
        wire.answer()
        #expect(try wire.received().contains("connection: close"))
        wire.pass(.seconds(2))
        #expect(!wire.isOpen)
    }

    @Test("whoever closes does not cut off what the client is reading")
    func closing() throws {
        let wire = try Wire()
        try wire.send(get)
        wire.beginAnswer(body: "the answer")
        wire.endAnswer()
        wire.channel.close(promise: nil)
        #expect(wire.isOpen)
        wire.channel.flush()
        #expect(try wire.received().hasSuffix("the answer"))
        wire.pass(.seconds(2))
        #expect(!wire.isOpen)
    }
}

@Suite("what connections share")
struct SharedLimitTests {
    private static let post40000 = post("content-length: 40000\r\n", body: String(repeating: "x", count: 39_000))

    @Test("few large bodies come at once, the others in turn; small ones need none")
    func turns() throws {
        let turns = BodyTurns(count: 1)
        let first = try Wire(turns: turns)
        let second = try Wire(turns: turns)
        let third = try Wire(turns: turns)
        try first.send(Self.post40000)
        try second.send(Self.post40000)
        #expect(turns.freeCount == 0 && turns.areAwaited)
        let reads = second.reads
        second.channel.read()
        #expect(second.reads == reads, "it is not its turn")
        try third.send(post("content-length: 32768\r\n", body: String(repeating: "x", count: 32_768)))
        #expect(third.app.ends == 1)

        try first.send(String(repeating: "x", count: 1_000))
        #expect(first.app.ends == 1 && turns.areAwaited, "it is being worked on")
        first.answer()
        second.channel.embeddedEventLoop.run()
        #expect(second.reads == reads + 1 && !turns.areAwaited)
        try second.send(String(repeating: "x", count: 1_000))
        second.answer()
        #expect(second.app.ends == 1 && second.app.errors.isEmpty && turns.freeCount == 1)
    }

    @Test("whose turn does not come within 30 s is told so")
    func noTurn() throws {
        let turns = BodyTurns(count: 0)
        let wire = try Wire(turns: turns)
        try wire.send(Self.post40000)
        wire.pass(.seconds(30))
        #expect(wire.app.refusals == [.tooManyBodies])
        wire.answer(.serviceUnavailable)
        #expect(!turns.areAwaited)
    }

    @Test("who sends on without a turn, because the kernel hands over what a closed connection held, is refused")
    func overrun() throws {
        let wire = try Wire(turns: BodyTurns(count: 0))
        try wire.send(post("content-length: 1000000\r\n", body: String(repeating: "x", count: 100_000)))
        #expect(wire.app.errors.isEmpty)
        try wire.send(String(repeating: "x", count: 100_000))
        #expect(wire.app.refusals == [.tooManyBodies])
    }

    @Test("a slow body loses its turn when others wait, and only then")
    func pace() throws {
        let turns = BodyTurns(count: 1)
        let slow = try Wire(turns: turns)
        try slow.send(post("content-length: 1000000\r\n", body: String(repeating: "x", count: 40_000)))
        slow.pass(.seconds(10))
        #expect(slow.app.errors.isEmpty)
        let other = try Wire(turns: turns)
        try other.send(Self.post40000)
        for _ in 1...3 {
            try slow.send(String(repeating: "x", count: 64 << 10))
            slow.pass(.seconds(2))
        }
        #expect(slow.app.errors.isEmpty, "it is slow, but moves")
        slow.pass(.seconds(2))
        #expect(slow.app.refusals == [.bodyTooSlow])
        slow.answer(.requestTimeout)
        #expect(!turns.areAwaited)
    }

    @Test("the turn of a client that goes is the next one's", arguments: [true, false])
    func goneClient(hasTurn: Bool) throws {
        let turns = BodyTurns(count: hasTurn ? 1 : 0)
        let wire = try Wire(turns: turns)
        try wire.send(Self.post40000)
        _ = try? wire.channel.finish()
        #expect(turns.freeCount == (hasTurn ? 1 : 0) && !turns.areAwaited)
    }

    @Test("an IPv4 address and an IPv6 /64 count as one client")
    func counts() throws {
        let counts = ConnectionCounts(max: 2)
        func take(_ text: String) throws -> Bool { counts.take(for: try #require(IPAddress(text))) }
        #expect(try take("2001:db8::1") && take("2001:db8::ffff:1"))
        #expect(try !take("2001:db8::2") && take("2001:db8:0:1::2"))
        #expect(try take("192.0.2.1") && take("192.0.2.1") && take("192.0.2.2"))
        #expect(try !take("192.0.2.1"))
        counts.give(back: try #require(IPAddress("192.0.2.1")))
        #expect(try take("192.0.2.1"))
    }
}
