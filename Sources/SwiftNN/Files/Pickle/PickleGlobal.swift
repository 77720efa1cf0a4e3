/// The names of modules that a pickle may refer to: all that arrays and tensors need. None is ever looked up or executed;
/// a name outside of the table is an error.
enum PickleGlobal: Equatable {
    /// `collections.OrderedDict`, read as a dictionary.
    case orderedDict
    /// Bytes, from the characters that protocol 2 writes them as.
    case bytes
    /// NumPy's arrays, whose contents follow as their state, and those of protocol 5, made of a buffer.
    case arrayReconstruct
    case arrayFromBuffer
    case arrayClass
    case arrayType
    /// PyTorch's tensors, parameters and the classes of their storages.
    case rebuildTensor
    case rebuildParameter
    case storage(StoredType)

    /// - Parameter name: the module's name, a point, and the name in it.
    init?(_ name: String) {
        guard let global = Self.table[name] else { return nil }
        self = global
    }

    private static let table: [String: PickleGlobal] = [
        "collections.OrderedDict": .orderedDict,
        "_codecs.encode": .bytes,
        "__builtin__.bytes": .bytes,
        "__builtin__.bytearray": .bytes,
        "builtins.bytes": .bytes,
        "builtins.bytearray": .bytes,
        "numpy.core.multiarray._reconstruct": .arrayReconstruct,
        "numpy._core.multiarray._reconstruct": .arrayReconstruct,
        "numpy.core.numeric._frombuffer": .arrayFromBuffer,
        "numpy._core.numeric._frombuffer": .arrayFromBuffer,
        "numpy.ndarray": .arrayClass,
        "numpy.dtype": .arrayType,
        "torch._utils._rebuild_tensor_v2": .rebuildTensor,
        "torch._utils._rebuild_parameter": .rebuildParameter,
        "torch.FloatStorage": .storage(.float32),
        "torch.DoubleStorage": .storage(.float64),
        "torch.HalfStorage": .storage(.float16),
        "torch.BFloat16Storage": .storage(.bfloat16),
        "torch.LongStorage": .storage(.int64),
        "torch.IntStorage": .storage(.int32),
        "torch.ShortStorage": .storage(.int16),
        "torch.CharStorage": .storage(.int8),
        "torch.ByteStorage": .storage(.uint8),
        "torch.BoolStorage": .storage(.bool),
    ]
}
