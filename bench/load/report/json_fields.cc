// Room: bench/load.
#include "bench/load/report/json_fields.h"

#include <cmath>
#include <utility>

#include "bench/load/report/report_reader.h"

namespace gw::bench {

using nlohmann::json;

JsonFields::JsonFields(const json& object, std::string where)
    : object_(object), where_(std::move(where)) {
  if (!object_.is_object()) {
    throw BadReport(where_ + (where_.ends_with(':') ? " not an object" : ": not an object"));
  }
}

std::string JsonFields::WhereIs(std::string_view name) const {
  return where_ + (where_.ends_with(':') ? " " : ".") + std::string(name);
}

void JsonFields::Complain(std::string_view name, std::string_view what) const {
  throw BadReport(WhereIs(name) + ": " + std::string(what));
}

const json* JsonFields::Find(std::string_view name) const {
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::optional<double> JsonFields::MaybeNumber(std::string_view name) const {
  const json* value = Find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) Complain(name, "not a number");
  const auto number = value->get<double>();
  if (!std::isfinite(number) || number < 0) Complain(name, "not a number of zero or more");
  return number;
}

double JsonFields::Number(std::string_view name) const {
  const auto number = MaybeNumber(name);
  if (!number) Complain(name, "missing");
  return *number;
}

std::string JsonFields::MaybeText(std::string_view name) const {
  const json* value = Find(name);
  if (value == nullptr) return {};
  if (!value->is_string()) Complain(name, "not a text");
  return value->get<std::string>();
}

std::string JsonFields::Text(std::string_view name) const {
  if (Find(name) == nullptr) Complain(name, "missing");
  return MaybeText(name);
}

bool JsonFields::MaybeBool(std::string_view name) const {
  const json* value = Find(name);
  if (value == nullptr) return false;
  if (!value->is_boolean()) Complain(name, "neither true nor false");
  return value->get<bool>();
}

JsonFields JsonFields::Object(std::string_view name) const {
  const json* value = Find(name);
  if (value == nullptr) Complain(name, "missing");
  return {*value, WhereIs(name)};
}

const json* JsonFields::MaybeArray(std::string_view name) const {
  const json* value = Find(name);
  if (value != nullptr && !value->is_array()) Complain(name, "not a list");
  return value;
}

const json* JsonFields::MaybeObject(std::string_view name) const {
  const json* value = Find(name);
  if (value != nullptr && !value->is_object()) Complain(name, "not an object");
  return value;
}

}  // namespace gw::bench
