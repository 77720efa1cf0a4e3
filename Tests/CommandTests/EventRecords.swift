import Foundation
import TestSupport
import Testing

/// An event of TensorBoard's files, read without the code that wrote it: the record's frame, and of the message the fields
/// with the numbers of TensorBoard's event.proto and summary.proto.
struct EventRecord {
    let wallTime: Double
    let step: Int
    let fileVersion: String?
    /// Of a session log; 1 says that the session starts.
    let sessionStatus: Int?
    var scalars: [String: Float] = [:]
    /// The texts of the plugin for texts.
    var texts: [String: String] = [:]

    init(_ bytes: ArraySlice<UInt8>) throws {
        let event = try ProtobufMessage(bytes)
        wallTime = Double(bitPattern: event.number(1) ?? 0)
        step = Int(event.number(2) ?? 0)
        fileVersion = event.text(3)
        sessionStatus = try event.message(7).map { Int($0.number(1) ?? 0) }
        for bytes in try event.message(5)?.contents(1) ?? [] {
            let value = try ProtobufMessage(bytes)
            let tag = try #require(value.text(1))
            scalars[tag] = value.number(2).map { Float(bitPattern: UInt32($0)) }
            guard let tensor = try value.message(8) else { continue }
            #expect(tensor.number(1) == 7, "DT_STRING")
            #expect(try value.message(9)?.message(1)?.text(1) == "text")
            texts[tag] = tensor.text(8)
        }
    }

    /// All events of a file. Expects that every checksum is right and nothing is left over.
    static func read(_ path: String) throws -> [EventRecord] {
        var rest = try contents(of: path)[...]
        func take(_ count: Int) throws -> ArraySlice<UInt8> {
            try #require(rest.count >= count)
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
        func takeChecked(_ count: Int) throws -> ArraySlice<UInt8> {
            let bytes = try take(count)
            let checksum = UInt32(littleEndian(try take(4)))
            #expect(checksum == maskedChecksum(bytes))
            return bytes
        }
        var events: [EventRecord] = []
        while !rest.isEmpty {
            let length = Int(littleEndian(try takeChecked(8)))
            events.append(try EventRecord(takeChecked(length)))
        }
        return events
    }
}

private func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

/// Bit by bit: the remainder of the division by Castagnoli's polynomial, masked as TensorFlow does.
private func maskedChecksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var remainder: UInt32 = 0xFFFF_FFFF
    for bit in bytes.flatMap({ byte in (0..<8).map { UInt32(byte) >> $0 & 1 } }) {
        let carry = remainder & 1 ^ bit
        remainder >>= 1
        if carry == 1 { remainder ^= 0x82F6_3B78 }
    }
    let checksum = UInt64(~remainder)
    return UInt32(truncatingIfNeeded: (checksum << 32 | checksum) >> 15) &+ 0xA282_EAD8
}

/// The fields of a message in protobuf's wire format, by their numbers.
private struct ProtobufMessage {
    private var numbers: [Int: UInt64] = [:]
    private var pieces: [Int: [ArraySlice<UInt8>]] = [:]

    init(_ bytes: ArraySlice<UInt8>) throws {
        var rest = bytes
        func variable() throws -> UInt64 {
            var (value, shift): (UInt64, UInt64) = (0, 0)
            while true {
                let next = rest.popFirst()
                let byte = try #require(next)
                value |= UInt64(byte & 127) << shift
                shift += 7
                if byte < 128 { return value }
            }
        }
        while !rest.isEmpty {
            let key = try variable()
            let field = Int(key >> 3)
            switch key & 7 {
            case 0: numbers[field] = try variable()
            case 1, 5:
                let width = key & 7 == 1 ? 8 : 4
                numbers[field] = littleEndian(rest.prefix(width))
                rest = rest.dropFirst(width)
            default:
                try #require(key & 7 == 2)
                let length = Int(try variable())
                pieces[field, default: []].append(rest.prefix(length))
                rest = rest.dropFirst(length)
            }
        }
    }

    func number(_ field: Int) -> UInt64? { numbers[field] }
    func contents(_ field: Int) -> [ArraySlice<UInt8>] { pieces[field] ?? [] }
    func text(_ field: Int) -> String? { contents(field).first.map { String(decoding: $0, as: UTF8.self) } }
    func message(_ field: Int) throws -> ProtobufMessage? { try contents(field).first.map { try ProtobufMessage($0) } }
}
