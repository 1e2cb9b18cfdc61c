// Room: bench/load. Fields of a JSON report with their path in every complaint.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace gw::bench {

// An object of a report and where it stands: "FILE: result.latency_us". Borrows the JSON. All
// functions throw BadReport when a field is there and is not of the right kind, and the ones
// without Maybe in their name also when it is missing.
class JsonFields {
 public:
  JsonFields(const nlohmann::json& object, std::string where);

  double Number(std::string_view name) const;
  std::optional<double> MaybeNumber(std::string_view name) const;
  std::string Text(std::string_view name) const;
  std::string MaybeText(std::string_view name) const;  // "" when missing
  bool MaybeBool(std::string_view name) const;         // false when missing
  JsonFields Object(std::string_view name) const;
  // nullptr when missing or null.
  const nlohmann::json* Find(std::string_view name) const;
  const nlohmann::json* MaybeArray(std::string_view name) const;
  const nlohmann::json* MaybeObject(std::string_view name) const;

  std::string WhereIs(std::string_view name) const;
  [[noreturn]] void Complain(std::string_view name, std::string_view what) const;

 private:
  const nlohmann::json& object_;
  std::string where_;
};

}  // namespace gw::bench
