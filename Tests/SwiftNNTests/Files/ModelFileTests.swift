import SwiftNN
import TestSupport
import Testing

@Suite struct ModelFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func makeModel(seed: UInt64) -> Sequential {
        let model = Sequential {
            Conv2d(1, 3, kernelSize: 3)
            BatchNorm2d(3)
            Flatten()
            Linear(12, 2)
        }
        model.initialize(seed: seed)
        return model
    }

    @Test(arguments: ["m.pt", "m.pth", "m.npz", "m.PT", "m.safetensors", "m", "pt", "dir.pt/m", ".pt"])
    func theExtensionDecides(name: String) throws {
        try folder.write("", "dir.pt/old")
        let (saved, loaded) = (makeModel(seed: 1), makeModel(seed: 2))
        try saved.save(to: folder[name])
        #expect(try loaded.load(from: folder[name]).isEmpty)
        #expect(loaded.state == saved.state)
        let readers: [(String, (String) throws -> [String: Tensor])] = [
            ("pt", PyTorchFile.read), ("npz", NPZ.read), ("safetensors", { try Safetensors.read($0).tensors }),
        ]
        let readable = readers.filter { (try? $0.1(folder[name]))?.count == saved.state.count }.map(\.0)
        let expected = ["m.pt": "pt", "m.pth": "pt", "m.PT": "pt", "m.npz": "npz"][name] ?? "safetensors"
        #expect(readable == [expected])
    }

    @Test func onlySafetensorsKeepMetadata() throws {
        let model = makeModel(seed: 1)
        try model.save(to: folder["m.safetensors"], metadata: ["a": "b"])
        #expect(try model.load(from: folder["m.safetensors"]) == ["a": "b"])
        for name in ["m.pt", "m.npz"] {
            try folder.write("old", name)
            expectFileError(folder[name], "the format keeps no metadata: save as .safetensors") {
                try model.save(to: folder[name], metadata: ["a": "b"])
            }
            #expect(try contents(of: folder[name]) == Array("old".utf8))
        }
    }

    @Test func otherModels() throws {
        let model = makeModel(seed: 1)
        let path = try fixture("files/state.pt")
        expectFileError(path, "another model: lacks 3.weight, 3.bias") { try model.load(from: path) }
        #expect(model.state == makeModel(seed: 1).state)
    }

    @Test(.enabled(if: Environment.python != nil, "SWIFTNN_PYTHON"))
    func pyTorchLoadsAndSaves() throws {
        let (model, loaded) = (makeModel(seed: 1), makeModel(seed: 2))
        try model.save(to: folder["ours.pt"])
        try model.save(to: folder["ours.safetensors"])
        try Environment.runPython(
            """
            import sys, torch, safetensors.torch
            folder = sys.argv[1]
            def model():
                return torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3), torch.nn.BatchNorm2d(3), torch.nn.Flatten(),
                                           torch.nn.Linear(12, 2))
            a, b = model(), model()
            a.load_state_dict(torch.load(folder + "/ours.pt", weights_only=True))
            b.load_state_dict(safetensors.torch.load_file(folder + "/ours.safetensors"))
            assert all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values()))
            torch.save(a.state_dict(), folder + "/theirs.pt")
            """, folder.path)
        try loaded.load(from: folder["theirs.pt"])
        #expect(loaded.state == model.state)
    }
}
