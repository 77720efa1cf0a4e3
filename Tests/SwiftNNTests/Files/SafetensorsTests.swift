import SwiftNN
import TestSupport
import Testing

@Suite struct SafetensorsTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The bytes of a file with the given header and as many zeros.
    private static func bytes(_ header: String, data: Int) -> [UInt8] {
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
        return length + header.utf8 + Array(repeating: 0, count: data)
    }

    @Test func roundTrip() throws {
        let image = Tensor((0..<24).map(Float.init), shape: [2, 3, 2, 2])
        let tensors = [
            NamedTensor("z.weight", image.converted(to: .channelsLast)), NamedTensor("a", image[1, 2, 1, 0].asTensor),
            NamedTensor("line\n\"ä\u{1}\\", .zeros([0, 5])), NamedTensor("nan", Tensor([.nan, -0.0, .infinity])),
        ]
        let metadata = ["format": "pt", "key \"x\"": "tab\tline\n😀"]
        try Safetensors.write(tensors, metadata: metadata, to: folder["m"])
        let read = try Safetensors.read(folder["m"])
        #expect(read.metadata == metadata)
        #expect(read.tensors.count == tensors.count)
        for item in tensors {
            let tensor = try #require(read.tensors[item.name])
            #expect(tensor.shape == item.tensor.shape)
            #expect(tensor.scalars.map(\.bitPattern) == item.tensor.scalars.map(\.bitPattern))
        }
    }

    @Test func emptyFileOfNoTensors() throws {
        try Safetensors.write([], to: folder["m"])
        #expect(try Safetensors.read(folder["m"]).tensors.isEmpty)
    }

    @Test func readsTheReferenceImplementationsTypes() throws {
        let (tensors, metadata) = try Safetensors.read(fixture("files/types.safetensors"))
        let halves = (0..<12).map { (Float($0) - 3) / 2 }
        let integers = (0..<6).map { Float($0) - 2 }
        #expect(tensors["float32"] == Tensor(halves, shape: [2, 3, 2]))
        for name in ["float64", "float16", "bfloat16"] { #expect(tensors[name] == Tensor(halves), "\(name)") }
        for name in ["int64", "int32"] { #expect(tensors[name] == Tensor(integers), "\(name)") }
        #expect(tensors["uint8"] == Tensor((0..<6).map(Float.init)))
        #expect(tensors["scalar"] == Tensor([2.5], shape: []))
        #expect(metadata == ["kind": "fixture", "quote\"d": "ä\n"])
    }

    @Test func halfPrecisionNumbers() throws {
        let halves: [(UInt16, Float)] = [
            (0x3c00, 1), (0x8000, -0.0), (0x0001, 0x1p-24), (0x03ff, 0x3ffp-24), (0x0400, 0x1p-14), (0xfbff, -65504),
            (0x7c00, .infinity), (0xfc00, -.infinity),
        ]
        let header = #"{"h":{"dtype":"F16","shape":[8],"data_offsets":[0,16]}}"#
        let data = halves.flatMap { [UInt8(truncatingIfNeeded: $0.0), UInt8($0.0 >> 8)] }
        let path = try folder.write(Self.bytes(header, data: 0) + data, "m")
        let read = try #require(Safetensors.read(path).tensors["h"])
        #expect(read.scalars.map(\.bitPattern) == halves.map(\.1.bitPattern))
    }

    @Test(arguments: [
        ("[1]", 0, "header: not a JSON object"),
        ("{", 0, "header, byte 9: not JSON: a name in quotes expected"),
        (#"{"a":1} x"#, 0, "header, byte 16: not JSON: unexpected text after the value"),
        (String(repeating: "[", count: 9999), 0, "header, byte 40: not JSON: nested too deeply"),
        (#"{"a":1}"#, 0, "tensor a: dtype, shape or data_offsets is missing or malformed"),
        (#"{"__metadata__":{"a":1}}"#, 0, "header: __metadata__ is not a list of texts"),
        (#"{"__metadata__":"a"}"#, 0, "header: __metadata__ is not a list of texts"),
        (
            #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4,
            "tensor a: dtype, shape or data_offsets is missing or malformed"
        ),
        (#"{"a":{"dtype":"Q7","shape":[1],"data_offsets":[0,4]}}"#, 4, "tensor a: unsupported dtype Q7"),
        (
            #"{"a":{"dtype":"F32","dtype":"F64","shape":[1],"data_offsets":[0,4]}}"#, 4,
            "tensor a: a member stands twice"
        ),
        (#"{"__metadata__":{"a":"1","a":"2"}}"#, 0, "header: __metadata__ has a twice"),
        // Of names no line breaks or colours of terminals.
        (#"{"a\n\u001b[31m":{}}"#, 0, #"tensor a\n\u{1B}[31m: dtype, shape or data_offsets is missing or malformed"#),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "tensor a: data_offsets [4, 0] run backwards"),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4,
            "tensor a: shape [2] of F32 does not take the 4 bytes given to it"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0,
            "tensor a: shape [4611686018427387904, 4] of F32 does not take the 0 bytes given to it"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4,
            "tensor a: ends at byte 8 of the data, the file has 4: cut off"
        ),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 9, "too long: 5 bytes after the last tensor"),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#,
            6, "tensor b: overlaps another tensor: starts at byte 2, not 4"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[6,10]}}"#,
            10, "tensor b: leaves a gap before it: starts at byte 6, not 4"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
            4, "tensor a: the header has the name twice"
        ),
    ])
    func damage(header: String, data: Int, problem: String) throws {
        let path = try folder.write(Self.bytes(header, data: data), "m")
        expectFileError(path, problem) { _ = try Safetensors.read(path) }
    }

    @Test func wrongHeaderLength() throws {
        let short = try folder.write([1, 2, 3], "short")
        expectFileError(short, "byte 0: the file ends in the length of the header: 8 bytes expected, 3 there") {
            _ = try Safetensors.read(short)
        }
        for first in [UInt8(3), 255] {
            let length = [first, 0, 0, 0, 0, 0, 0, first == 3 ? 0 : 255]
            let path = try folder.write(length + [0x7b, 0x7d], "long")
            let bytes = first == 3 ? "3" : "18374686479671623935"
            expectFileError(path, "byte 0: a header of \(bytes) bytes, the file has 2 after it") {
                _ = try Safetensors.read(path)
            }
        }
    }

    @Test func refusesToWriteNamesTwice() throws {
        let path = try folder.write("old", "m")
        let twice = [NamedTensor("a", .zeros([1])), NamedTensor("a", .zeros([2]))]
        expectFileError(path, "tensor a: the name is used twice") { try Safetensors.write(twice, to: path) }
        expectFileError(path, "tensor a: the name is used twice") { try NPZ.write(twice, to: path) }
        expectFileError(path, "tensor __metadata__: the format keeps this name for itself") {
            try Safetensors.write([NamedTensor("__metadata__", .zeros([1]))], to: path)
        }
        #expect(try contents(of: path) == Array("old".utf8))
    }

    @Test(.enabled(if: Environment.python != nil, "SWIFTNN_PYTHON"))
    func referenceImplementationReadsAndWrites() throws {
        let weight = Tensor((0..<24).map { Float($0) / 8 }, shape: [2, 3, 2, 2])
        try Safetensors.write(
            [
                NamedTensor("weight", weight.converted(to: .channelsLast)),
                NamedTensor("scalar", weight[0, 0, 0, 1].asTensor),
            ],
            metadata: ["a": "b"], to: folder["ours"])
        try Environment.runPython(
            """
            import sys, numpy as np, safetensors.numpy as st
            from safetensors import safe_open
            t = st.load_file(sys.argv[1])
            assert set(t) == {"weight", "scalar"} and t["weight"].dtype == np.float32
            assert np.array_equal(t["weight"], np.arange(24).reshape(2, 3, 2, 2) / 8) and t["scalar"].shape == ()
            with safe_open(sys.argv[1], "np") as f: assert f.metadata() == {"a": "b"}
            st.save_file({"x": t["weight"] * 2}, sys.argv[2])
            """, folder["ours"], folder["theirs"])
        #expect(try Safetensors.read(folder["theirs"]).tensors == ["x": 2 * weight])
    }
}

extension Float {
    fileprivate var asTensor: Tensor { Tensor([self], shape: []) }
}
