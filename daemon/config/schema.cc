// Room: config. The tables: one row per key of the file, in the order of the documentation.
// docs/configuration.md and config/gateway.conf.example list the same keys; a test compares.
#include "daemon/config/schema.h"

namespace gw {
namespace fields {

void UnknownKey(Problems& problems, const Place& place, const YamlEntry& entry,
                const std::vector<std::string_view>& known) {
  std::string text = place.strict ? "unknown key" : "unknown key, ignored";
  const std::string_view nearest = Nearest(entry.key, known);
  if (!nearest.empty()) text += "; did you mean \"" + std::string(nearest) + "\"?";
  Place at = place.Child(entry.key, entry.line);
  at.node = entry.value.get();
  place.strict ? problems.Error(at, text) : problems.Warning(at, text);
}

}  // namespace fields

namespace {

using fields::Group;
using fields::List;
using fields::Numbered;
using fields::Secret;
using fields::Value;
using fields::Values;

constexpr std::uint32_t kMiB = 1u << 20;
constexpr std::int64_t kHourMs = 3'600'000;

constexpr Field<RawIamAuth> kIamAuth[] = {
    Value<&RawIamAuth::enabled, ParseBool>("enabled"),
    Value<&RawIamAuth::endpoint, ParseHttpsUrl>("endpoint"),
    Value<&RawIamAuth::instance, ParseText>("instance"),
    Secret<&RawIamAuth::api_key>("apikey"),
};

constexpr Field<RawSessionAuth> kSessionAuth[] = {
    Value<&RawSessionAuth::enabled, ParseBool>("enabled"),
    Secret<&RawSessionAuth::password>("tokenspaceIDPassword"),
};

constexpr Field<RawUser> kUser[] = {
    Value<&RawUser::name, ParseText>("name"),
    Value<&RawUser::keystore, ParseUuid>("tokenspaceID"),
    Group<&RawUser::iam, kIamAuth>("iamauth"),
    Group<&RawUser::session, kSessionAuth>("sessionauth"),
    Secret<&RawUser::keystore_password>("keystorePassword"),
};

constexpr Field<RawTls> kTls[] = {
    Value<&RawTls::enabled, ParseBool>("enabled"),
    Value<&RawTls::mutual, ParseBool>("mutual"),
    Value<&RawTls::ca_file, ParseText>("cacert"),
    Value<&RawTls::cert_file, ParseText>("certfile"),
    Value<&RawTls::key_file, ParseText>("keyfile"),
};

constexpr Field<RawConnection> kConnection[] = {
    Value<&RawConnection::address, ParseHost>("address"),
    Value<&RawConnection::port, ParsePort>("port"),
    Group<&RawConnection::tls, kTls>("tls"),
};

constexpr Field<RawStore> kFileStore[] = {
    Value<&RawStore::enabled, ParseBool>("enabled"),
    Value<&RawStore::path, ParseText>("storagepath"),
};

constexpr Field<RawStore> kRemoteStore[] = {
    Value<&RawStore::enabled, ParseBool>("enabled"),
};

constexpr Field<RawStorage> kStorage[] = {
    Group<&RawStorage::remote, kRemoteStore>("remotestore"),
    Group<&RawStorage::file, kFileStore>("filestore"),
};

constexpr Field<RawToken> kToken[] = {
    Group<&RawToken::connection, kConnection>("grep11connection"),
    Group<&RawToken::storage, kStorage>("storage"),
    Numbered<&RawToken::users, kUser>("users"),
};

constexpr Field<RawLogging> kLogging[] = {
    Value<&RawLogging::level, ParseText>("loglevel"),
    Value<&RawLogging::path, ParseText>("logpath"),
};

constexpr Field<LocalWorkConfig> kLocal[] = {
    Value<&LocalWorkConfig::verify, ParseBool>("verify"),
    Value<&LocalWorkConfig::digest, ParseBool>("digest"),
    Value<&LocalWorkConfig::hash_sign, ParseBool>("hash_sign"),
    Value<&LocalWorkConfig::remember_init, ParseBool>("remember_init"),
    Value<&LocalWorkConfig::random_pool, ParseBool>("random_pool"),
    // EP11 gives at most 1,000,000 octets at a time (wire sheet 10.1).
    Value<&LocalWorkConfig::random_pool_bytes, ParseBytes<4'096, 1'000'000>>("random_pool_bytes"),
};

constexpr Field<LimitsConfig> kLimits[] = {
    Value<&LimitsConfig::connections, ParseCount<1, 1'000'000>>("connections"),
    Value<&LimitsConfig::connections_per_application, ParseCount<1, 65'536>>(
        "connections_per_application"),
    Value<&LimitsConfig::sessions_per_application, ParseCount<1, 1'000'000>>(
        "sessions_per_application"),
    Value<&LimitsConfig::objects_per_application, ParseCount<1, 1'000'000>>(
        "objects_per_application"),
    Value<&LimitsConfig::max_frame_bytes, ParseBytes<65'536, 64 * kMiB>>("max_frame_bytes"),
    Value<&LimitsConfig::bytes_in_flight, ParseBytes<1 * kMiB, 2'048 * kMiB>>("bytes_in_flight"),
    Value<&LimitsConfig::gathered_bytes, ParseBytes<4'096, 64 * kMiB>>("gathered_bytes"),
};

constexpr Field<TimesConfig> kTimes[] = {
    Value<&TimesConfig::call, ParseTime<100, kHourMs>>("call"),
    Value<&TimesConfig::key_generation, ParseTime<100, kHourMs>>("key_generation"),
    Value<&TimesConfig::rpc, ParseTime<100, kHourMs>>("rpc"),
    Value<&TimesConfig::iam, ParseTime<100, kHourMs>>("iam"),
    Value<&TimesConfig::hedge, ParseTime<0, kHourMs>>("hedge"),
    Value<&TimesConfig::master_key, ParseTime<0, kHourMs>>("master_key"),
    Value<&TimesConfig::drain, ParseTime<0, kHourMs>>("drain"),
    Value<&TimesConfig::application_grace, ParseTime<0, kHourMs>>("application_grace"),
    Value<&TimesConfig::mechanisms, ParseTime<100, kHourMs>>("mechanisms"),
};

constexpr Field<PolicyConfig> kPolicy[] = {
    Values<&PolicyConfig::allowed_uids, ParseUser>("allowed_users"),
    Values<&PolicyConfig::allowed_gids, ParseGroup>("allowed_groups"),
};

constexpr Field<RawEndpoint> kEndpoint[] = {
    Value<&RawEndpoint::address, ParseHost>("address"),
    Value<&RawEndpoint::port, ParsePort>("port"),
    Value<&RawCapacity::crypto_units, ParseCount<1, 1'000>, RawEndpoint>("crypto_units"),
    Value<&RawCapacity::rate_per_s, ParseCount<0, 1'000'000>, RawEndpoint>("rate_per_s"),
    Value<&RawCapacity::channels, ParseCount<1, 64>, RawEndpoint>("channels"),
    Value<&RawCapacity::max_outstanding, ParseCount<1, 65'536>, RawEndpoint>("max_outstanding"),
};

constexpr Field<RawGatewayToken> kGatewayToken[] = {
    Value<&RawCapacity::crypto_units, ParseCount<1, 1'000>, RawGatewayToken>("crypto_units"),
    Value<&RawCapacity::rate_per_s, ParseCount<0, 1'000'000>, RawGatewayToken>("rate_per_s"),
    Value<&RawCapacity::channels, ParseCount<1, 64>, RawGatewayToken>("channels"),
    Value<&RawCapacity::max_outstanding, ParseCount<1, 65'536>, RawGatewayToken>("max_outstanding"),
    List<&RawGatewayToken::endpoints, kEndpoint>("endpoints"),
    Values<&PolicyConfig::allowed_uids, ParseUser, RawGatewayToken>("allowed_users"),
    Values<&PolicyConfig::allowed_gids, ParseGroup, RawGatewayToken>("allowed_groups"),
};

constexpr Field<RawProfile> kProfile[] = {
    Value<&RawProfile::ep11client_cfg, ParseText>("ep11client_cfg"),
    Values<&RawProfile::slots, ParseCount<0, UINT32_MAX>>("slots"),
};

// CK_INFO and CK_TOKEN_INFO have fields of 32, 16 and 16 characters (PKCS #11 v2.40 section 3.2).
constexpr Field<RawGateway> kGateway[] = {
    Value<&GatewayConfig::socket, ParseSocketPath, RawGateway>("socket"),
    Value<&GatewayConfig::state_directory, ParseAbsolutePath, RawGateway>("state_directory"),
    Value<&GatewayConfig::seal_key, ParseAbsolutePath, RawGateway>("seal_key"),
    Value<&GatewayConfig::metrics_listen, ParseLoopbackListen, RawGateway>("metrics_listen"),
    Value<&RawGateway::iam_ca_file, ParseAbsolutePath>("iam_ca_file"),
    Value<&GatewayConfig::manufacturer, ParseInfoText<32>, RawGateway>("manufacturer"),
    Value<&GatewayConfig::model, ParseInfoText<16>, RawGateway>("model"),
    Value<&GatewayConfig::serial_number, ParseInfoText<16>, RawGateway>("serial_number"),
    Numbered<&RawGateway::tokens, kGatewayToken>("tokens"),
    Group<&GatewayConfig::local, kLocal, RawGateway>("local"),
    Group<&GatewayConfig::limits, kLimits, RawGateway>("limits"),
    Group<&GatewayConfig::times, kTimes, RawGateway>("times"),
    Group<&GatewayConfig::policy, kPolicy, RawGateway>("policy"),
    List<&RawGateway::profiles, kProfile>("profiles"),
};

// As Group(), but everything below is ours: an unknown key is an error.
void ReadGateway(Problems& problems, const Place& place, const YamlNode& node, RawFile& out) {
  const Place strict{place.path, place.line, true};
  fields::ReadGroup<&RawFile::gateway, kGateway, RawFile>(problems, strict, node, out);
}

constexpr Field<RawFile> kFile[] = {
    Group<&RawFile::iam_template, kIamAuth>("iamcredentialtemplate"),
    Group<&RawFile::session_template, kSessionAuth>("sessionauthtemplate"),
    Numbered<&RawFile::tokens, kToken>("tokens"),
    Group<&RawFile::logging, kLogging>("logging"),
    {"gateway", &ReadGateway, &fields::ListGroup<&RawFile::gateway, kGateway>},
};

}  // namespace

RawFile ReadRawFile(Problems& problems, const YamlNode& root) {
  RawFile file;
  file.names_tokens = root.Find("tokens") != nullptr;
  ReadFields(problems, {}, root, std::span<const Field<RawFile>>(kFile), file);
  return file;
}

std::vector<std::string> KnownKeys() {
  std::vector<std::string> names;
  ListFields("", std::span<const Field<RawFile>>(kFile), names);
  return names;
}

}  // namespace gw
