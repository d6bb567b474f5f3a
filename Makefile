# `make demo`: a talking picture on a fresh machine. `make test`: everything that can be checked here.
PYTHON ?= python3
BIN := .venv/bin
TORCH := torch==2.13.0
TRITON ?= triton==3.6.0
KERNELS_STAMP = .venv-kernels/$(subst ==,-,$(TRITON)).stamp
RAY ?= 2.60.0
FARM_STAMP = .venv-farm/ray-$(RAY).stamp

# Threads that spin while they wait make a busy machine five times slower.
export OMP_WAIT_POLICY ?= passive

# glibc gives every clip's memory back to the system and asks for it again, a tenth of the tests' time.
test: export MALLOC_MMAP_THRESHOLD_ ?= 1073741824
test: export MALLOC_TRIM_THRESHOLD_ ?= 1073741824

# A test file runs in one process, and each process has a ComfyUI of its own. Files go in their own order: by their
# number of tests, the long ones with few tests would come last and leave the other processes idle.
WORKERS := --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: demo test triton kernels ray farm-test farm-soak soak bench lint train-demo demo-pictures

demo: .venv/standalone.stamp
	$(BIN)/python -m multitalk_core demo

test: .venv/dev.stamp lint
	$(BIN)/python tests/golden.py tests/golden
	$(BIN)/python -m pytest -rs $(WORKERS)

# Triton's wheel is too large for the test command of a fresh machine. The newest: make kernels TRITON=triton==3.9.0
triton: $(KERNELS_STAMP)

kernels: triton
	TRITON_INTERPRET=1 .venv-kernels/bin/python -m pytest -rs tests/kernels
	.venv-kernels/bin/python -m pytest -rs tests/kernels/test_machine_code.py

# Ray lives in an environment of its own, which has no torch.
ray: $(FARM_STAMP)

farm-test: ray
	.venv-farm/bin/python -m pytest -rs tests/farm

farm-soak: ray
	.venv-farm/bin/python -m pytest -rs -s -m soak tests/soak/test_farm_*.py

# The farm comes last: where Ray cannot be installed, all else has run.
soak: .venv/dev.stamp
	$(BIN)/python -m pytest -rs -s -m soak
	$(MAKE) farm-soak

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/dev.stamp
	$(BIN)/python tests/bench.py
	$(BIN)/python -m tests.bench_import
	$(BIN)/python -m tests.bench_decode
	$(BIN)/python -m tests.bench_start
	$(BIN)/python -m tests.bench_memory
	$(BIN)/python -m tests.bench_steadiness overlaps --scenes still --frames 61

# The folder of the demo's training, its measures included.
TRAINED ?= train-demo

# Threads that spin for a moment, and memory that is not given back, make a training on idle cores 1.4 times faster.
NO_GIVING_BACK := 100000000000
ON_IDLE_CORES := env -u OMP_WAIT_POLICY GOMP_SPINCOUNT=5000 \
	MALLOC_TRIM_THRESHOLD_=$(NO_GIVING_BACK) MALLOC_MMAP_THRESHOLD_=$(NO_GIVING_BACK)

# The demo's picture, voices and models, from nothing: about five and a half hours on two idle cores, added up from the
# speed of each stage: VAE 2.6, clips 0.5, the stages of the model 2.1. A killed training continues:
# everything is saved each minute.
train-demo: .venv/dev.stamp
	PYTHONPATH=. $(BIN)/python tools/make_demo_scene.py
	$(ON_IDLE_CORES) $(BIN)/python -m multitalk_core.toy_world train $(TRAINED)
	$(BIN)/python -m multitalk_core.toy_world write $(TRAINED)

# All that shows the demo's models, after `make train-demo`: README's pictures and numbers, the tables and plots of
# docs/results.md as far as stages are trained, docs/dubbing.png, the workflows and their thumbnails. The last two need
# ComfyUI and Chromium.
demo-pictures: .venv/dev.stamp
	PYTHONPATH=. $(BIN)/python tools/make_demo_pictures.py
	$(BIN)/python -m multitalk_core.toy_world measure $(TRAINED)
	$(BIN)/python -m multitalk_core.toy_world report $(TRAINED)
	$(BIN)/python -m tests.bench_dubbing --picture docs/dubbing.png
	PYTHONPATH=.:tests/comfyui $(BIN)/python tools/make_workflows.py
	PYTHONPATH=.:tests/comfyui $(BIN)/python tools/make_thumbnails.py

.venv/standalone.stamp: pyproject.toml requirements.txt | .venv
	$(BIN)/python -m pip install --quiet $(TORCH) -e '.[standalone]'
	touch $@

.venv/dev.stamp: pyproject.toml requirements.txt | .venv
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch $@ .venv/standalone.stamp

$(KERNELS_STAMP): Makefile
	$(PYTHON) -m venv .venv-kernels
	.venv-kernels/bin/python -m pip install --quiet $(TORCH) $(TRITON) 'numpy<2.4' pytest 'diffusers>=0.38' safetensors
	rm -f .venv-kernels/*.stamp
	touch $@

$(FARM_STAMP): Makefile
	$(PYTHON) -m venv .venv-farm
	.venv-farm/bin/python -m pip install --quiet 'ray[default]==$(RAY)' 'websocket-client>=1.8' pytest
	rm -f .venv-farm/*.stamp
	touch $@

.venv:
	$(PYTHON) -m venv $@
