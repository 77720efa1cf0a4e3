# make train       a trained Fashion-MNIST network, from nothing
# make test        every test
# make sanitize    every test under the address and undefined-behaviour sanitizers
# make emulate     the tests of the kernels with the AVX-512 tier on a CPU that has only AVX2
# make bench       every benchmark, beside PyTorch and ONNX Runtime: runs/bench.json, runs/bench.html
# make format      formats the sources; format-check says what is not formatted
# make protobuf    makes the Swift source of TensorBoard's records anew

PACKAGES = libopenblas-dev libomp-dev zlib1g-dev dataset-fashion-mnist
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
SWIFT_SOURCES = Package.swift Sources Tests Benchmarks Examples
C_SOURCES = $(shell find include Sources/CKernels -name '*.h' -o -name '*.c')
# Kernel threads that wait by spinning would take the CPU from tests that run beside each other.
TEST = KMP_BLOCKTIME=0 OPENBLAS_NUM_THREADS=1 swift test --quiet
# Without the option, SwiftPM 6.3 does not find the plan of an earlier build with other flags ("unknown build description").
OTHER_BUILD = --disable-build-manifest-caching

.PHONY: train test sanitize emulate bench venv format format-check protobuf setup

train: setup
	swift build -c release --product nntrain
	.build/release/nntrain fashion-mnist --out runs/fashion-mnist --resume

test: setup
	$(TEST) -c release

# Undefined behaviour in C traps: Swift for Linux has no runtime that would name it. gold says a line for every symbol of
# the sanitizer. The example package is another build.
sanitize: setup
	ASAN_OPTIONS=detect_leaks=0 $(TEST) --sanitize address -Xcc -fsanitize=undefined -Xcc -fsanitize-trap=undefined \
		-Xswiftc -use-ld=lld --skip ExamplePackageTests $(OTHER_BUILD) --scratch-path .build-sanitize

emulate: setup
	$(TEST) --filter KernelTests -Xcc -DSWIFTNN_EMULATE_AVX512 $(OTHER_BUILD) --scratch-path .build-emulate

# torch.compile calls g++.
bench: PACKAGES += g++ python3-venv
bench: setup venv
	swift build -c release --product nnbench
	.build/release/nnbench all --pytorch .venv/bin/python --json runs/bench.json --html runs/bench.html

# A Python with the peers of tests and benchmarks.
venv: PACKAGES += python3-venv
venv: .venv/installed

# Of PyTorch a build for the CPU only, where pip knows one: the default brings gigabytes of libraries for GPUs. pip by
# itself takes the newest number of either.
.venv/installed: | setup
	python3 -m venv .venv
	cpu_build=$$(.venv/bin/pip index versions torch 2>/dev/null | grep -o '[0-9][0-9.]*+cpu' | head -n 1 || true); \
	.venv/bin/pip install --quiet numpy safetensors tensorboard "torch$${cpu_build:+==$$cpu_build}" onnx onnxscript onnxruntime
	touch $@

format:
	swift format -i -r $(SWIFT_SOURCES)
	clang-format -i $(C_SOURCES)

format-check: PACKAGES += clang-format
format-check: setup
	swift format lint -s -r $(SWIFT_SOURCES)
	clang-format --dry-run --Werror $(C_SOURCES)

RECORDS = Sources/nntrain/Output/TensorBoard
GENERATOR = .build/checkouts/swift-protobuf

protobuf: PACKAGES += protobuf-compiler
protobuf: setup
	swift package resolve
	swift build -c release --package-path $(GENERATOR) --scratch-path .build-protobuf --product protoc-gen-swift
	protoc --plugin .build-protobuf/release/protoc-gen-swift --swift_out $(RECORDS) -I $(RECORDS) event.proto

# Installs what is missing; asks nothing.
setup:
	@missing=$$(for package in $(PACKAGES); do \
		dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'install ok installed' || echo $$package; \
	done); \
	if [ -n "$$missing" ]; then \
		echo "installing" $$missing; \
		$(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq $$missing; \
	fi
