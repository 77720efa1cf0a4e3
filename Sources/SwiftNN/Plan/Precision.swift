/// The numbers that a plan computes with. Parameters, their gradients and what optimizers keep are always float32.
public enum Precision: String, Sendable, CaseIterable {
    case float32
    /// What every operation puts out, forward and backward, and the weights of convolutions and linear layers have the
    /// precision of bfloat16, 8 significant bits; an activation belongs to the operation that it is fused into. Sums, norms
    /// and losses are computed in float32 from them, as is what the optimizer gets (Micikevicius et al. 2018, "Mixed
    /// precision training"; Kalamkar et al. 2019, "A study of bfloat16 for deep learning training"). Linear layers and
    /// convolutions multiply at 16 bits where the CPU gains by it (AMX, AVX512-BF16); what such convolutions read and write is
    /// then kept at 16 bits, too, as far as norms, pooling, activations and sums pass it on. Of a norm and the activation it is
    /// fused with, the gradient between them is rounded as well.
    case bfloat16
}
