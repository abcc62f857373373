using System.Diagnostics.Metrics;

namespace Streams.Ingest;

/// <summary>The room's instruments, under the meter Streams.Ingest.</summary>
static class Telemetry
{
    static readonly Meter Meter = new("Streams.Ingest");

    /// <summary>Tag outcome: accepted, conflict, rejected, not_published, unknown; tag entrance: http, file.</summary>
    public static readonly Counter<long> Events = Meter.CreateCounter<long>("streams.ingest.events", "{event}", "Events by entrance and what became of them");

    /// <summary>Tag status: the HTTP status code; tag route: events, contracts.</summary>
    public static readonly Histogram<double> RequestSeconds = Meter.CreateHistogram<double>("streams.ingest.request.duration", "s", "Time from request to answer");

    public static readonly Histogram<double> AcknowledgementSeconds =
        Meter.CreateHistogram<double>("streams.ingest.acknowledgement.duration", "s", "Time from send to the broker's acknowledgement or failure");

    public static readonly UpDownCounter<long> EventsInFlight = Meter.CreateUpDownCounter<long>("streams.ingest.in_flight.events", "{event}", "Events received and not yet answered");

    public static readonly UpDownCounter<long> BytesInFlight = Meter.CreateUpDownCounter<long>("streams.ingest.in_flight.bytes", "By", "Request bytes received and not yet answered");

    public static readonly Counter<long> ContractEntriesUnreadable =
        Meter.CreateCounter<long>("streams.ingest.contracts.unreadable", "{record}", "Records of the contracts topic that cannot be read");

    public static void Count(string entrance, string outcome, long events = 1) =>
        Events.Add(events, new KeyValuePair<string, object?>("entrance", entrance), new("outcome", outcome));
}
