static void activation_forward(snn_activation activation, size_t count, const float *x, float *y) {
    for (size_t i = 0; i < count; i++) y[i] = activation.kind == SNN_RELU && x[i] < 0 ? 0 : x[i];
}
