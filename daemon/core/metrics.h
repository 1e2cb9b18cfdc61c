// Room: core. The counters of the daemon, in one registry that admin/ prints as Prometheus text.
// Families are registered where they are used; the registry hands out the same family for the same
// name. Thread: any; increments are atomic.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string>

namespace gw::metrics {

prometheus::Registry& TheRegistry();

prometheus::Family<prometheus::Counter>& CounterFamily(const std::string& name,
                                                       const std::string& help);
prometheus::Family<prometheus::Gauge>& GaugeFamily(const std::string& name,
                                                   const std::string& help);
prometheus::Family<prometheus::Histogram>& HistogramFamily(const std::string& name,
                                                           const std::string& help);

// Seconds, from 20 us to 10 s.
const prometheus::Histogram::BucketBoundaries& LatencyBuckets();

}  // namespace gw::metrics
