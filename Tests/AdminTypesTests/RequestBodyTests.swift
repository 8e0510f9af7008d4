import AdminTypes
import NetworkTypes
import ServiceModel
import Testing

extension String {
    fileprivate func replacing(_ part: String, with other: String) -> String { document(part, other, in: self) }
}

@Suite("Bodies of requests")
struct RequestBodyTests {
    private func body(_ text: String) throws -> RequestBody { try RequestBody(parsing: Array(text.utf8)) }

    private func findings<Spec>(_ content: RequestContent<Spec>) -> [String] {
        content.findings.map { $0.description }
    }

    /// What the Python client sends.
    private let createBackend = """
        {"regionId": "cn-north-1", "backendName": "be1", "loadBalancerId": "lb-1", "protocol": "Tcp", "port": 8080,
         "healthCheckSpec": {"protocol": "Tcp", "healthyThresholdCount": 3, "unhealthyThresholdCount": 2,
           "checkTimeoutSeconds": 4, "intervalSeconds": 5, "port": null, "httpVersion": null, "httpDomain": null,
           "httpPath": null, "httpCode": null},
         "algorithm": "QuintupleHash", "targetGroupIds": ["tg-1"], "agIds": null, "agInfoSpec": null,
         "proxyProtocol": null, "description": null, "sessionStickiness": null, "sessionStickyTimeout": null,
         "connectionDrainingSeconds": null, "httpCookieExpireSeconds": null, "httpForwardedProtocol": null}
        """

    @Test("what a public client sends to create a backend is read, null being the same as absent")
    func backend() throws {
        let content = try body(createBackend).serviceSpec()
        #expect(content.findings == [])
        let expected = ServiceSpec(
            name: "be1", loadBalancer: "lb-1", transport: .tcp, port: 8080,
            healthCheck: HealthCheckSpec(
                method: .tcp, timeoutSeconds: 4, intervalSeconds: 5, unhealthyThreshold: 2, healthyThreshold: 3),
            options: ServiceOptions(algorithm: .fiveTuple, groups: ["tg-1"]))
        #expect(content.spec == expected)
    }

    @Test("every request is read field by field")
    func all() throws {
        let loadBalancer = try body(
            """
            {"loadBalancerName":"web","subnetId":"s","type":"dnlb","privateIpAddress":"203.0.113.10","description":"d",
             "deleteProtection":true,"azs":["a"],"chargeSpec":{},"elasticIp":null}
            """
        ).loadBalancerSpec()
        #expect(loadBalancer.findings == [])
        #expect(
            loadBalancer.spec
                == LoadBalancerSpec(
                    name: "web", subnet: "s", vip: IPAddress("203.0.113.10"), description: "d",
                    isDeletionProtected: true))
        let loadBalancerUpdate = try body(
            #"{"loadBalancerName":"n","action":"Start","privateIpAddress":"::1","deleteProtection":false}"#
        ).loadBalancerUpdate()
        #expect(
            loadBalancerUpdate.spec
                == LoadBalancerUpdate(name: "n", vip: IPAddress("::1"), isDeletionProtected: false))
        let listener = try body(
            #"{"listenerName":"l","protocol":"Udp","port":53,"backendId":"b","loadBalancerId":"lb","action":"Forward"}"#
        ).listenerSpec()
        #expect(listener.spec == ListenerSpec(name: "l", loadBalancer: "lb", transport: .udp, port: 53, service: "b"))
        #expect(
            try body(#"{"status":"Off","backendId":"b","listenerId":"l","port":1}"#).listenerUpdate().spec
                == ListenerUpdate(isEnabled: false, service: "b", port: 1))
        let serviceUpdate = try body(
            #"{"backendName":"n","closeHealthCheck":true,"healthCheckSpec":{"port":9},"agInfoSpec":[{"agId":"ag"}],"agIds":["x"],"targetGroupIds":[],"forwardingMode":"full_nat","drainSeconds":1,"slowStartSeconds":2,"allUnhealthyPolicy":"drop"}"#
        ).serviceUpdate()
        #expect(serviceUpdate.findings == [])
        #expect(
            serviceUpdate.spec
                == ServiceUpdate(
                    name: "n", healthCheck: HealthCheckSpec(port: 9), closesHealthCheck: true,
                    options: ServiceOptions(
                        forwardingMode: .fullNAT, drainSeconds: 1, slowStartSeconds: 2, allUnhealthyPolicy: .drop,
                        groups: [], availabilityGroups: ["ag"])))
        #expect(
            try body(#"{"targetGroupName":"g","loadBalancerId":"lb","type":"ip"}"#).groupSpec().spec
                == GroupSpec(name: "g", loadBalancer: "lb", kind: .ip))
        #expect(try body(#"{"targetGroupName":"g"}"#).groupUpdate().spec == GroupUpdate(name: "g"))
        #expect(
            try body(
                #"{"targetSpecs":[{"instanceId":"i-1","type":"vm","port":8080,"weight":10,"ipAddress":null},{"ipAddress":"10.0.0.1"}]}"#
            ).targetSpecs().spec == [
                TargetSpec(kind: .vm, instance: "i-1", port: 8080, weight: 10),
                TargetSpec(address: IPAddress("10.0.0.1")),
            ])
        #expect(try body(#"{"targetIds":["t-1","t-2"]}"#).targetIDs().spec == ["t-1", "t-2"])
        #expect(
            try body(#"{"targetUpdateSpecs":[{"targetId":"t","weight":0}]}"#).targetUpdates().spec == [
                TargetUpdate(id: "t", weight: 0)
            ])
        #expect(
            try body(#"{"name":"a","vpcId":"v","instanceIds":["i"]}"#).availabilityGroupSpec().spec
                == AvailabilityGroupSpec(name: "a", vpc: "v", instances: ["i"]))
        #expect(
            try body(#"{"description":"d"}"#).availabilityGroupUpdate().spec
                == AvailabilityGroupUpdate(description: "d"))
        #expect(try body(#"{"instanceIds":["i"]}"#).instanceIDs().spec == ["i"])
        #expect(
            try body(#"{"instanceId":"i","privateIpAddress":"10.0.0.1","status":"stopped"}"#).instanceSpec().spec
                == InstanceSpec(id: "i", address: IPAddress(ipv4: 0x0a00_0001), state: .stopped))
        #expect(try body(#"{"status":"running"}"#).instanceUpdate().spec == InstanceUpdate(state: .running))
    }

    @Test("states of targets are read with their deadlines, which a public client does not tell")
    func states() throws {
        let specs = try body(
            #"{"targetSpecs":[{"ipAddress":"10.0.0.1","adminState":"draining","drainUntil":"2026-11-23T22:00:00Z"}]}"#
        ).targetSpecs()
        #expect(specs.findings == [])
        #expect(
            specs.spec == [
                TargetSpec(address: IPAddress("10.0.0.1"), adminState: .draining, drainUntil: 1_795_471_200)
            ])
        let updates = try body(
            """
            {"targetUpdateSpecs": [
               {"targetId": "a", "adminState": "disabled"}, {"targetId": "b", "adminState": null, "drainUntil": null},
               {"targetId": "c", "drainUntil": "2026-11-23T22:00:00Z", "drainSeconds": null},
               {"targetId": "d", "adminState": "draining", "drainSeconds": 0}]}
            """
        ).targetUpdates()
        #expect(updates.findings == [])
        #expect(
            updates.spec == [
                TargetUpdate(id: "a", adminState: .disabled), TargetUpdate(id: "b"),
                TargetUpdate(id: "c", deadline: .time(1_795_471_200)),
                TargetUpdate(id: "d", adminState: .draining, deadline: .seconds(0)),
            ])
    }

    @Test("a deadline is told in one way, and as a time in UTC")
    func deadlines() throws {
        let text = """
            {"targetUpdateSpecs": [
               {"targetId": "a", "drainUntil": "2026-11-23T22:00:00Z", "drainSeconds": 5},
               {"targetId": "b", "drainUntil": "2026-11-23", "drainSeconds": "5", "adminState": "drained"}]}
            """
        #expect(
            Set(findings(try body(text).targetUpdates())) == [
                "targetUpdateSpecs[0].drainSeconds: drainUntil tells the deadline already; say one of the two",
                "targetUpdateSpecs[1].drainSeconds: drainUntil tells the deadline already; say one of the two",
                "targetUpdateSpecs[1].drainUntil: \"2026-11-23\" is not a time in UTC from 1970 on, "
                    + "as in 2026-11-23T12:00:00Z",
                "targetUpdateSpecs[1].drainSeconds: \"5\" is not a whole number of moderate size",
                "targetUpdateSpecs[1].adminState: \"drained\" is not one of enabled, draining, disabled",
            ])
    }

    @Test("what is missing, of the wrong type or not among the choices is told with its path, all at once")
    func wrong() throws {
        let text = """
            {"backendName": 5, "protocol": "tcp", "port": "80", "algorithm": "RoundRobin", "description": ["x"],
             "healthCheckSpec": {"port": 1.5, "intervalSeconds": true, "checkTimeoutSeconds": 1e1000000},
             "targetGroupIds": ["a", 7], "agIds": "ag", "agInfoSpec": [{"defaultWeight": 5}], "drainSeconds": {}}
            """
        #expect(
            Set(findings(try body(text).serviceSpec())) == [
                "backendName: 5 is not text", "loadBalancerId: is missing", "protocol: \"tcp\" is not one of Tcp, Udp",
                "port: \"80\" is not a whole number of moderate size",
                "algorithm: \"RoundRobin\" is not one of IpHash, QuintupleHash", "description: a list is not text",
                "healthCheckSpec.protocol: is missing",
                "healthCheckSpec.port: 1.5 is not a whole number of moderate size",
                "healthCheckSpec.intervalSeconds: true is not a whole number of moderate size",
                "healthCheckSpec.checkTimeoutSeconds: 1e1000000 is not a whole number of moderate size",
                "targetGroupIds[1]: 7 is not text", "agIds: \"ag\" is not a list",
                "agInfoSpec[0].defaultWeight: members of an availability group have equal weight; "
                    + "leave it out, or say 10",
                "agInfoSpec[0].agId: is missing", "drainSeconds: an object is not a whole number of moderate size",
            ])
        #expect(findings(try body("{}").serviceSpec()).count == 5)
        #expect(findings(try body("").targetSpecs()) == ["targetSpecs: is missing"])
        #expect(
            findings(try body(#"{"targetSpecs":[3,{"ipAddress":"x","weight":99999999999999999999}]}"#).targetSpecs())
                == [
                    "targetSpecs[0]: 3 is not an object",
                    "targetSpecs[1].ipAddress: \"x\" is not an IPv4 or IPv6 address",
                    "targetSpecs[1].weight: 99999999999999999999 is not a whole number of moderate size",
                ])
        #expect(
            findings(
                try body(#"{"loadBalancerName":"a","subnetId":"s","type":"alb","elasticIp":{}}"#).loadBalancerSpec())
                == [
                    "type: this is a load balancer of type dnlb, not alb",
                    "elasticIp: this version has no elastic IPs; leave it out",
                ])
        #expect(
            findings(try body(#"{"action":"Stop"}"#).loadBalancerUpdate()) == [
                "action: this version cannot stop a load balancer; disable its listeners"
            ])
    }

    @Test("a service is not created with its health check off")
    func closed() throws {
        let closed = createBackend.replacing("\"agIds\": null", with: "\"closeHealthCheck\": true")
        #expect(
            findings(try body(closed).serviceSpec()) == [
                "closeHealthCheck: a new service has its health check on; switch it off by an update"
            ])
        let open = createBackend.replacing("\"agIds\": null", with: "\"closeHealthCheck\": false")
        #expect(findings(try body(open).serviceSpec()) == [])
    }

    @Test("a refused operation has its status, a word for it and a detail for each problem")
    func refusals() {
        let one = ErrorAnswer(
            OperationError.refused(
                Problems([Problem(path: "port", reason: .outOfRange(value: 0, allowed: 1...2))])))
        #expect(one.error.code == 400 && one.error.status == "INVALID_ARGUMENT")
        #expect(one.error.message == "the request was refused, nothing was changed: port: 0 is outside 1...2")
        #expect(one.error.details == [.init(path: "port", message: "0 is outside 1...2")])
        let many = Problem(path: "x", reason: .tooMany(count: 2, limit: 1, of: "things"))
        let quota = ErrorAnswer(OperationError.refused(Problems([many, many])))
        #expect(quota.error.code == 429 && quota.error.status == "QUOTA_EXCEEDED" && quota.error.details?.count == 2)
        let gone = ErrorAnswer(OperationError.notFound(kind: "listener", id: "l"))
        #expect(gone.error.code == 404 && gone.error.status == "NOT_FOUND" && gone.error.details == nil)
        let used = ErrorAnswer(OperationError.refused(Problems([Problem(path: "", reason: .blocked("in use"))])))
        #expect(used.error.code == 409 && used.error.status == "CONFLICT")
    }

    @Test("form and rules are told together, and what could not be read breaks no rule")
    func together() throws {
        let stored = Configuration(loadBalancers: [
            LoadBalancer(
                id: ResourceID(rawValue: "lb"), name: "web", vip: IPAddress(ipv4: 0xcb00_710a),
                groups: [ServerGroup(id: ResourceID(rawValue: "tg"), name: "g")])
        ])
        let content = try body(#"{"targetSpecs":[3,{"type":"ip","port":70000},{"ipAddress":"10.0.0.1","weight":"x"}]}"#)
            .targetSpecs()
        let error = #expect(throws: OperationError.self) {
            try stored.registeringTargets(content.spec, in: "tg", findings: content.findings)
        }
        #expect(error?.status == 400)
        #expect(
            error?.description == """
                targetSpecs[0]: 3 is not an object
                targetSpecs[2].weight: "x" is not a whole number of moderate size
                targetSpecs[1].ipAddress: is missing
                targetSpecs[1].port: 70000 is outside 0...65535
                """)
    }

    @Test("a whole number may be written with a fraction of zeros")
    func fraction() throws {
        #expect(try body(#"{"port":80.0}"#).listenerUpdate().spec.port == 80)
        #expect(try body(#"{"port":-0}"#).listenerUpdate().spec.port == 0)
    }

    @Test(
        "texts are read with their escapes",
        arguments: [
            (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz"), (#""\u7f51\u7AD9""#, "网站"),
            (#""\ud83d\udc1f""#, "🐟"), (#""网站""#, "网站"), (#""""#, ""), (#""\u0000""#, "\0"),
        ])
    func texts(json: String, text: String) throws {
        #expect(try body(" {\n\"targetGroupName\" :\t\(json) } ").groupUpdate().spec.name == text)
    }

    @Test(
        "what is no JSON object is refused",
        arguments: [
            "[]", "5", "null", "\"x\"", "{", "}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}", "{\"a\":1}x",
            "{\"a\":01}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":-}", "{\"a\":1e}", "{\"a\":+1}", "{\"a\":NaN}",
            "{\"a\":tru}", "{\"a\":[1,]}", "{\"a\":[1 2]}", "{\"a\":\"x}", "{\"a\":\"\n\"}", "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12\"}", "{\"a\":\"\\ud83d\"}", "{\"a\":\"\\ud83d\\u0041\"}", "{\"a\":\"\\udc1f\"}",
            "{\"a\":1,\"a\":2}", "\u{feff}{}", "{\"a\":\"\\", "{\"a\":\"\\u", "t", " ",
        ])
    func malformed(text: String) {
        #expect(throws: Problems.self) { try body(text) }
    }

    @Test("bytes that are no UTF-8 are refused")
    func bytes() {
        #expect(throws: Problems.self) {
            try RequestBody(parsing: Array("{\"a\":\"".utf8) + [0xff, 0xc0] + Array("\"}".utf8))
        }
    }

    @Test("depth, number of values and size of numbers are bounded; nothing of that crashes")
    func hostile() throws {
        let deep = String(repeating: "[", count: 1_000_000)
        #expect(throws: Problems.self) { try body("{\"a\":" + deep) }
        let deepObjects = String(repeating: "{\"a\":", count: 700_000)
        #expect(throws: Problems.self) { try body(deepObjects) }
        let many = "{\"a\":[" + String(repeating: "0,", count: 2_000_000) + "0]}"
        #expect(throws: Problems.self) { try body(many) }
        let long = "{\"port\":" + String(repeating: "9", count: 4_000_000) + "}"
        let found = findings(try body(long).listenerUpdate())
        #expect(found.count == 1 && found[0].utf8.count < 200)
        let bad = "{\"targetSpecs\":[" + String(repeating: "0,", count: 40_000) + "0]}"
        #expect(try body(bad).targetSpecs().findings.count == Limits.problems)
        let nested = String(repeating: "[", count: 62) + String(repeating: "]", count: 62)
        #expect(findings(try body("{\"port\":\(nested)}").listenerUpdate()).count == 1)
    }
}
