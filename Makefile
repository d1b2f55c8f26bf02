.DEFAULT_GOAL := help
.PHONY: help setup lock train run test test-all test-py311 eval bench bench-scale lint clean
SHELL := /bin/sh
export RASA_TELEMETRY_ENABLED := false
export PATH := $(CURDIR)/.venv/bin:$(PATH)

help: ## 列出命令
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## 安装环境(.venv,按锁文件)
	@requirements/setup.sh

lock: ## 重新生成锁文件(升级依赖时)
	@requirements/lock.sh

train: setup ## 训练对话引擎的模型(输入没变就不训练)
	@qinwen train

run: setup ## 准备好一切并启动,打印地址
	@exec qinwen up

# What tests write lies in memory where there is room: a slow disk held processes up for seconds.
# The sample content's vectors are made while the model is trained: either needs about a minute of one processor.
test: setup ## 全部测试（先是 Rasa 格式的会话测试）
	@python -m tests.e2e.stack >seeding.log 2>&1 & seeding=$$!; trap 'kill $$seeding 2>/dev/null' EXIT; \
	qinwen train || exit 1; \
	PYTHONWARNINGS=ignore TF_CPP_MIN_LOG_LEVEL=3 rasa test core --e2e --model models/current.tar.gz --stories tests/conversations \
		--fail-on-prediction-errors --no-plot --out results >results.log 2>&1 || { tail -30 results.log; cat results/failed_test_stories.yml; exit 1; }; \
	wait $$seeding || { tail -30 seeding.log; exit 1; }; trap - EXIT
	@rm -f results.log seeding.log
	@free=$$(df -Pm /dev/shm 2>/dev/null | awk 'NR == 2 { print $$4 }'); \
	if [ "$${free:-0}" -gt 8000 ] && mkdir /dev/shm/qw-$$$$ 2>/dev/null; then export TMPDIR=/dev/shm/qw-$$$$; trap 'rm -rf /dev/shm/qw-$$$$' EXIT; fi; \
	python -m pytest -n 3 --dist loadgroup --no-loadscope-reorder $(TESTS)

test-all: ## 同样的测试，风暴、导入、撞号按全量做
	@ALL_TESTS=1 $(MAKE) test

test-py311: ## 除引擎外的全部单元测试,Python 3.11
	@requirements/setup.sh --py311
	@.venv-py311/bin/python -m pytest -n auto --dist loadscope tests/unit --ignore=tests/unit/bot -p no:cacheprovider

eval: setup ## 回答质量:一张表
	@qinwen train
	@python -m bench.quality

bench: setup ## 速度与内存:一张表
	@qinwen train
	@python -m bench.speed
	@python -m bench.wechat

bench-scale: setup ## 十万条时的速度与内存、影响分析的用时
	@python -m bench.scale

lint: setup ## ruff、mypy、import-linter、迁移与模型一致
	@ruff check . && ruff format --check . && mypy && lint-imports && python -m pytest -q tests/rules

clean: ## 删去环境、模型和运行数据以外的缓存
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
