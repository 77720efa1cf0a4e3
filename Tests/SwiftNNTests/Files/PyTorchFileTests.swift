import SwiftNN
import TestSupport
import Testing

@Suite struct PyTorchFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private let tensors = [
        NamedTensor("z.weight", Tensor((0..<24).map(Float.init), shape: [2, 3, 2, 2]).converted(to: .channelsLast)),
        NamedTensor("ä/scalar", Tensor([1.5], shape: [])), NamedTensor("none", .zeros([0, 5])),
        NamedTensor("nan", Tensor([.nan, -0.0, .infinity])),
    ]

    @Test func roundTrip() throws {
        try PyTorchFile.write(tensors, to: folder["m.pt"])
        let read = try PyTorchFile.read(folder["m.pt"])
        #expect(read.count == tensors.count)
        for item in tensors {
            let tensor = try #require(read[item.name])
            #expect(tensor.shape == item.tensor.shape)
            #expect(bits(tensor) == bits(item.tensor), "\(item.name)")
        }
        try PyTorchFile.write([], to: folder["empty.pt"])
        #expect(try PyTorchFile.read(folder["empty.pt"]).isEmpty)
    }

    // MARK: What PyTorch writes

    @Test(arguments: ["state", "state-protocol5"])
    func readsStateDictionaries(name: String) throws {
        let read = try PyTorchFile.read(fixture("files/\(name).pt"))
        func tensor(_ number: Int, _ shape: [Int]) -> Tensor {
            Tensor((0..<shape.reduce(1, *)).map { Float($0 + 10 * number) }, shape: shape)
        }
        #expect(
            read == [
                "0.weight": tensor(0, [3, 2]), "0.bias": tensor(1, [3]), "1.weight": tensor(2, [3]),
                "1.bias": tensor(3, [3]), "1.running_mean": tensor(4, [3]), "1.running_var": tensor(5, [3]),
                "1.num_batches_tracked": tensor(6, []),
            ])
    }

    @Test func readsAllTypes() throws {
        let read = try PyTorchFile.read(fixture("files/types.pt"))
        let halves = (0..<12).map { (Float($0) - 3) / 2 }
        let integers = (0..<6).map { Float($0) - 2 }
        var expected = ["float32": Tensor(halves, shape: [2, 3, 2]), "scalar": Tensor([2.5], shape: [])]
        for name in ["float64", "float16", "bfloat16"] { expected[name] = Tensor(halves) }
        for name in ["int64", "int32", "int16", "int8"] { expected[name] = Tensor(integers) }
        expected["uint8"] = Tensor((0..<6).map(Float.init))
        expected["bool"] = Tensor([0, 0, 0, 1, 1, 1])
        #expect(read == expected)
    }

    @Test func readsViewsOfSharedStorages() throws {
        func tensor(_ numbers: [Int], _ shape: [Int]) -> Tensor { Tensor(numbers.map(Float.init), shape: shape) }
        let transposed = (0..<6).flatMap { column in (0..<4).map { 6 * $0 + column } }
        #expect(
            try PyTorchFile.read(fixture("files/views.pt")) == [
                "whole": tensor(Array(0..<24), [24]), "transposed": tensor(transposed, [6, 4]),
                "part": tensor([8, 9, 10, 14, 15, 16], [2, 3]),
                "every_third": tensor(Array(stride(from: 1, to: 24, by: 3)), [8]),
                "expanded": tensor([5, 5, 5, 5, 5, 5], [2, 3]), "channels_last": tensor(Array(0..<24), [1, 2, 3, 4]),
                "scalar": tensor([7], []), "empty": tensor([], [0, 3]), "parameter": tensor([0, 1], [2]),
            ])
    }

    /// Changing one view must not change another that shares its memory.
    @Test func viewsAreValues() throws {
        var read = try PyTorchFile.read(fixture("files/views.pt"))
        read["whole"]?[7] = 100
        #expect(read["scalar"]?.scalar == 7)
    }

    @Test(arguments: 2...5)
    func readsArrays(pickleProtocol: Int) throws {
        let halves = (0..<12).map { (Float($0) - 3) / 2 }
        #expect(
            try PyTorchFile.read(fixture("files/arrays-protocol\(pickleProtocol).pt")) == [
                "float32": Tensor(halves, shape: [2, 3, 2]), "float64_big_endian": Tensor(halves, shape: [3, 4]),
                "fortran": Tensor(halves, shape: [2, 3, 2]), "int16_big_endian": Tensor((0..<6).map { Float($0) - 2 }),
                "bool": Tensor([0, 0, 0, 1, 1, 1]), "empty": .zeros([0, 3]), "scalar": Tensor([2.5], shape: []),
                "permuted": Tensor([0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11].map { halves[$0] }, shape: [2, 2, 3]),
            ])
    }

    @Test func readsBigEndianStorages() throws {
        let read = try PyTorchFile.read(fixture("files/handmade/big-endian.pt"))
        #expect(read == ["x": Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])])
    }

    // MARK: What is refused

    @Test(arguments: [
        ("legacy", "in the format before PyTorch 1.6: load it there and save it again"),
        (
            "model",
            "data.pkl: byte 2: refers to \"torch.nn.modules.container.Sequential\", which is not for plain data, arrays or tensors"
        ),
        ("tensor", "holds a tensor: a dictionary of tensors by name expected"),
        (
            "checkpoint",
            "entry epoch: is an integer; a dictionary of tensors by name expected, this one has epoch, model"
        ),
        ("stored.npz", "a zip archive without data.pkl: not a PyTorch file"),
        ("float32.npy", "no zip directory at the end: not a zip file, cut off, or too long"),
        ("handmade/middle-endian", "member byteorder: little or big expected, got \"middle\""),
        (
            "handmade/outside",
            "tensor x: shape [2, 3] with strides [3, 1] from 1 on is outside of the storage's 6"
        ),
        ("handmade/before", "tensor x: shape [6] with strides [1] from -1 on is outside of the storage's 6"),
        (
            "handmade/overflow",
            "tensor x: shape [3, 2] with strides [4611686018427387904, 1] from 0 on is outside of the storage's 6"
        ),
        (
            "handmade/too-large",
            "tensor x: shape [1099511627776, 1099511627776] with strides [0, 0] from 0 on is outside of the storage's 6"
        ),
        ("handmade/expanded", "tensor x: the tensors repeat the numbers of the file too often"),
        ("handmade/repeated", "tensor 2: the tensors repeat the numbers of the file too often"),
        ("handmade/negative", "tensor x: its storage, offset, shape or strides are missing or malformed"),
        ("handmade/rank", "tensor x: its storage, offset, shape or strides are missing or malformed"),
        ("handmade/no-storage", "tensor x: the file lacks its storage data/7"),
        ("handmade/wrong-count", "tensor x: storage 0 has 24 bytes, not 9 numbers of float32"),
        ("handmade/two-types", "tensor y: storage 0 is float32 elsewhere, here float64"),
        ("handmade/no-tensor", "tensor x: its storage is malformed"),
        (
            "handmade/nested",
            "entry state_dict: is a dictionary; a dictionary of tensors by name expected, this one has state_dict; save what is in state_dict by itself"
        ),
        ("handmade/twice", "tensor x: the file has the name twice"),
        ("handmade/number", "data.pkl: byte 5: a name expected, got an integer"),
        (
            "handmade/code",
            "data.pkl: byte 9: refers to \"os.system\", which is not for plain data, arrays or tensors"
        ),
        ("handmade/bomb", "data.pkl: byte 1048578: more than 1048576 values"),
        ("handmade/parameters", "entry x: is a tensor; a dictionary of tensors by name expected, this one has x"),
        ("handmade/overlap", "member overlap/data.pkl: overlaps another or is cut off"),
    ])
    func refuses(name: String, problem: String) throws {
        let path = try fixture("files/\(name)\(name.contains(".") ? "" : ".pt")")
        expectFileError(path, problem) { _ = try PyTorchFile.read(path) }
    }

    @Test func refusesToWriteNamesTwice() throws {
        let path = try folder.write("old", "m.pt")
        let twice = [NamedTensor("a", .zeros([1])), NamedTensor("a", .zeros([2]))]
        expectFileError(path, "tensor a: the name is used twice") { try PyTorchFile.write(twice, to: path) }
        #expect(try contents(of: path) == Array("old".utf8))
    }

    // MARK: PyTorch itself

    @Test(.enabled(if: Environment.python != nil, "SWIFTNN_PYTHON"))
    func pyTorchReadsAndWrites() throws {
        try PyTorchFile.write(tensors, to: folder["ours.pt"])
        try Environment.runPython(
            """
            import collections, sys, zipfile, torch
            ours, theirs = sys.argv[1:]
            assert zipfile.ZipFile(ours).testzip() is None
            for options in [{}, {"mmap": True}]:
                state = torch.load(ours, weights_only=True, **options)
                assert type(state) is collections.OrderedDict
                assert list(state) == ["z.weight", "ä/scalar", "none", "nan"], list(state)
                assert all(t.dtype == torch.float32 and t.is_contiguous() for t in state.values())
                assert torch.equal(state["z.weight"], torch.arange(24.).reshape(2, 3, 2, 2))
                assert state["ä/scalar"].shape == () and state["ä/scalar"] == 1.5 and state["none"].shape == (0, 5)
                assert state["nan"].isnan().tolist() == [True, False, False] and state["nan"][2] == float("inf")
                assert all(t.data_ptr() % 64 == 0 for t in state.values()) or not options
            types = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16,
                     torch.int8, torch.uint8]
            for protocol in [2, 3, 4, 5]:
                base = torch.arange(24).reshape(2, 3, 4)
                state = {str(t).removeprefix("torch."): base.to(t).permute(2, 0, 1)[1:] for t in types}
                torch.save(state, f"{theirs}-{protocol}", pickle_protocol=protocol)
            """, folder["ours.pt"], folder["theirs.pt"])
        let permuted = (1..<4).flatMap { i in (0..<6).map { Float(4 * $0 + i) } }
        let names = ["float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8"]
        for pickleProtocol in 2...5 {
            let expected = Dictionary(uniqueKeysWithValues: names.map { ($0, Tensor(permuted, shape: [3, 2, 3])) })
            #expect(try PyTorchFile.read("\(folder["theirs.pt"])-\(pickleProtocol)") == expected)
        }
    }
}
