// Room: core. The one error type, and a value that may be an error instead.
// An Error is born with the CK_RV that the application will see; nobody remaps it later.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "daemon/core/ck.h"
#include "daemon/core/source_location.h"

namespace gw {

// What sort of failure it is; decides the log level and nothing else.
enum class ErrorKind {
  kCaller,    // bad argument (debug)
  kState,     // call out of sequence (debug)
  kUpstream,  // HSM, IAM or network (warning, counted)
  kInternal,  // a bug of ours (error)
};

struct Error {
  Error(CK_RV rv_in, ErrorKind kind_in, std::string detail_in,
        SourceLocation where_in = SourceLocation::current())
      : rv(rv_in), kind(kind_in), detail(std::move(detail_in)), where(where_in) {}

  CK_RV rv;
  ErrorKind kind;
  bool retryable = false;
  std::string detail;
  SourceLocation where;
};

inline Error CallerError(CK_RV rv, std::string detail = {},
                         SourceLocation where = SourceLocation::current()) {
  return {rv, ErrorKind::kCaller, std::move(detail), where};
}
inline Error StateError(CK_RV rv, std::string detail = {},
                        SourceLocation where = SourceLocation::current()) {
  return {rv, ErrorKind::kState, std::move(detail), where};
}
inline Error UpstreamError(CK_RV rv, std::string detail, bool retryable = false,
                           SourceLocation where = SourceLocation::current()) {
  Error error{rv, ErrorKind::kUpstream, std::move(detail), where};
  error.retryable = retryable;
  return error;
}
inline Error InternalError(std::string detail, SourceLocation where = SourceLocation::current()) {
  return {CKR_GENERAL_ERROR, ErrorKind::kInternal, std::move(detail), where};
}

// "CKR_DEVICE_ERROR: detail (file:line)"
std::string Describe(const Error& error);

struct Unit {};

// Either a T or an Error. Like std::expected, which this compiler does not have.
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(*-explicit-*)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(*-explicit-*)

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& operator*() & { return *std::get_if<0>(&state_); }
  const T& operator*() const& { return *std::get_if<0>(&state_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }
  Error& error() & { return *std::get_if<1>(&state_); }
  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, Error> state_;
};

using Status = Result<Unit>;
inline Status Ok() { return Unit{}; }

}  // namespace gw

// The only macros that change control flow: leave with the Error, else bind the value to `name`.
#define GW_TRY(name, expression)                               \
  auto name##_result = (expression);                           \
  if (!name##_result) return std::move(name##_result).error(); \
  auto& name = *name##_result

#define GW_TRY_VOID(expression)                                                         \
  do {                                                                                  \
    if (auto gw_status = (expression); !gw_status) return std::move(gw_status).error(); \
  } while (false)

// The same inside a coroutine.
#define GW_CO_TRY(name, expression)                               \
  auto name##_result = (expression);                              \
  if (!name##_result) co_return std::move(name##_result).error(); \
  auto& name = *name##_result

#define GW_CO_TRY_VOID(expression)                                                         \
  do {                                                                                     \
    if (auto gw_status = (expression); !gw_status) co_return std::move(gw_status).error(); \
  } while (false)
