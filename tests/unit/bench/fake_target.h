// A target without any module, whose calls do what the test says.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "bench/load/target.h"

namespace gw::bench {

class FakeCaller final : public Caller {
 public:
  FakeCaller(std::function<CK_RV()> call, Verdict verdict)
      : call_(std::move(call)), verdict_(verdict) {}
  CK_RV Call() override { return call_(); }
  Verdict Check(bool thorough) override {
    return thorough && verdict_ == Verdict::kPlausible ? Verdict::kVerified : verdict_;
  }

 private:
  std::function<CK_RV()> call_;
  Verdict verdict_;
};

class FakeTarget final : public Target {
 public:
  FakeTarget(std::function<CK_RV()> call, Caller::Verdict verdict)
      : call_(std::move(call)), verdict_(verdict) {}
  Result<std::unique_ptr<Caller>> NewCaller() override {
    return std::unique_ptr<Caller>(std::make_unique<FakeCaller>(call_, verdict_));
  }
  std::chrono::nanoseconds AttachTime() const override { return std::chrono::microseconds(5); }

 private:
  std::function<CK_RV()> call_;
  Caller::Verdict verdict_;
};

inline OpenTarget TargetThat(std::function<CK_RV()> call,
                             Caller::Verdict verdict = Caller::Verdict::kPlausible) {
  return [call, verdict](const Options&) -> Result<std::unique_ptr<Target>> {
    return std::unique_ptr<Target>(std::make_unique<FakeTarget>(call, verdict));
  };
}

inline Options SmallRun() {
  Options options;
  options.module = "fake";
  options.op = "random";
  options.quiet = true;
  options.count = 100;
  options.grace = std::chrono::seconds(30);
  return options;
}

}  // namespace gw::bench
