using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.RegularExpressions;
using Streams.Cli.Observability;

namespace Streams.Cli.Tests.Observability;

public sealed class PrometheusExpositionTests
{
    readonly Meter _meter = new($"Streams.Test{Guid.NewGuid():N}");

    [Fact]
    public void Names_follow_OpenTelemetrys_translation()
    {
        Assert.Equal("a_b_events_total", PrometheusName.Of(_meter.CreateCounter<long>("a.b.events", "{event}")));
        Assert.Equal("a_latency_seconds", PrometheusName.Of(_meter.CreateHistogram<double>("a.latency", "s")));
        Assert.Equal("a_in_flight_bytes", PrometheusName.Of(_meter.CreateUpDownCounter<long>("a.in_flight.bytes", "By")));
        Assert.Equal("a_cpu_seconds_total", PrometheusName.Of(_meter.CreateObservableCounter("a.cpu", () => 1.0, "s")));
        Assert.Equal("a_share_ratio", PrometheusName.Of(_meter.CreateGauge<double>("a.share", "1")));
        Assert.Equal("_9_odd_name", PrometheusName.Sanitize("9-odd name"));
    }

    [Fact]
    public void Counters_add_gauges_replace_and_up_down_counters_go_both_ways()
    {
        using var exposition = new PrometheusExposition();
        var counter = _meter.CreateCounter<long>("t.count", "{event}", "Counts.");
        var gauge = _meter.CreateGauge<int>("t.gauge");
        var level = _meter.CreateUpDownCounter<int>("t.level");

        counter.Add(2, Tag("k", "x"));
        counter.Add(3, Tag("k", "x"));
        counter.Add(5, Tag("k", "y"));
        gauge.Record(7);
        gauge.Record(4);
        level.Add(3);
        level.Add(-1);

        var lines = Lines(exposition);
        Assert.Contains("# HELP t_count_total Counts.", lines);
        Assert.Contains("# TYPE t_count_total counter", lines);
        Assert.Contains("t_count_total{k=\"x\"} 5", lines);
        Assert.Contains("t_count_total{k=\"y\"} 5", lines);
        Assert.Contains("# TYPE t_gauge gauge", lines);
        Assert.Contains("t_gauge 4", lines);
        Assert.Contains("t_level 2", lines);
    }

    [Fact]
    public void Tags_in_another_order_are_the_same_series()
    {
        using var exposition = new PrometheusExposition();
        var counter = _meter.CreateCounter<long>("t.order");

        counter.Add(1, Tag("a", 1), Tag("b", "2"));
        counter.Add(1, Tag("b", "2"), Tag("a", "1"));

        Assert.Contains("t_order_total{a=\"1\",b=\"2\"} 2", Lines(exposition));
    }

    [Fact]
    public void Label_values_are_escaped()
    {
        using var exposition = new PrometheusExposition();
        _meter.CreateCounter<long>("t.escaped").Add(1, Tag("k", "a\"b\\c\nd"));

        Assert.Contains("""t_escaped_total{k="a\"b\\c\nd"} 1""", Lines(exposition));
    }

    [Fact]
    public void Buckets_are_cumulative_and_their_bounds_included()
    {
        using var exposition = new PrometheusExposition();
        var histogram = _meter.CreateHistogram("t.wait", "s", "Waits.", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 2] });

        foreach (var value in new[] { 0.25, 0.5, 2, 2.5 }) histogram.Record(value);

        var lines = Lines(exposition);
        Assert.Contains("t_wait_seconds_bucket{le=\"0.5\"} 2", lines);
        Assert.Contains("t_wait_seconds_bucket{le=\"2\"} 3", lines);
        Assert.Contains("t_wait_seconds_bucket{le=\"+Inf\"} 4", lines);
        Assert.Contains("t_wait_seconds_sum 5.25", lines);
        Assert.Contains("t_wait_seconds_count 4", lines);
    }

    [Fact]
    public void What_an_observable_gauge_no_longer_reports_is_no_longer_shown()
    {
        using var exposition = new PrometheusExposition();
        string[] states = ["planned", "sent"];
        _meter.CreateObservableGauge("t.states", () => states.Select(s => new Measurement<long>(1, Tag("state", s))));

        Assert.Equal(2, Lines(exposition).Count(l => l.StartsWith("t_states{", StringComparison.Ordinal)));
        states = ["sent"];
        Assert.Equal(["t_states{state=\"sent\"} 1"], Lines(exposition).Where(l => l.StartsWith("t_states{", StringComparison.Ordinal)));
    }

    [Fact]
    public void Series_are_bounded_and_what_is_dropped_is_counted()
    {
        using var exposition = new PrometheusExposition(maxSeries: 10);
        var counter = _meter.CreateCounter<long>("t.many");

        for (var i = 0; i < 100; i++) counter.Add(1, Tag("k", i));

        var text = exposition.Render();
        var shown = Regex.Count(text, "^t_many_total\\{", RegexOptions.Multiline);
        var dropped = long.Parse(Regex.Match(text, "^streams_metrics_dropped_measurements_total (\\d+)$", RegexOptions.Multiline).Groups[1].Value, CultureInfo.InvariantCulture);
        // The instruments of tests beside this one may have been first.
        Assert.InRange(shown, 0, 10);
        Assert.True(dropped >= 100 - shown, $"{shown} shown, {dropped} dropped");
    }

    [Fact]
    public async Task Nothing_is_lost_when_many_record_at_once_while_others_scrape()
    {
        using var exposition = new PrometheusExposition();
        var counter = _meter.CreateCounter<long>("t.race");
        var histogram = _meter.CreateHistogram<double>("t.race.time", "s");

        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                counter.Add(1, Tag("k", i % 3));
                histogram.Record(0.01);
                if (worker == 0 && i % 1000 == 0) exposition.Render();
            }
        })));

        var lines = Lines(exposition);
        Assert.Equal(160_000, lines.Where(l => l.StartsWith("t_race_total{", StringComparison.Ordinal)).Sum(l => long.Parse(l.Split(' ')[1], CultureInfo.InvariantCulture)));
        Assert.Contains("t_race_time_seconds_count 160000", lines);
    }

    [Fact]
    public void Recording_to_a_known_series_allocates_nothing()
    {
        using var exposition = new PrometheusExposition();
        var counter = _meter.CreateCounter<long>("t.cheap");
        for (var i = 0; i < 1000; i++) counter.Add(1, Tag("k", "x"), Tag("l", "y"));

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) counter.Add(1, Tag("k", "x"), Tag("l", "y"));

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1000, "recording allocates");
    }

    [SkippableFact]
    public void Promtool_finds_no_fault()
    {
        Skip.If(Promtool.Missing is not null, Promtool.Missing);
        using var exposition = new PrometheusExposition();
        _meter.CreateCounter<long>("streams.test.events", "{event}", "Events\nwith \\ and \"").Add(3, Tag("kind", "ü\"\\\n{}"));
        _meter.CreateHistogram<double>("streams.test.duration", "s", "Waits.").Record(0.3, Tag("kind", "x"));

        var (code, output) = Promtool.Run(exposition.Render(), "check", "metrics");

        // 3 are remarks on the style of names, the runtime's among them; faults of the format say "error while".
        Assert.True(code is 0 or 3, output);
        Assert.DoesNotContain("error while", output);
        Assert.DoesNotContain(output.Split('\n'), line => line.StartsWith("streams_", StringComparison.Ordinal));
    }

    [Fact]
    public void The_process_shows_its_build_its_CPU_and_its_memory()
    {
        using var exposition = new PrometheusExposition();

        var text = exposition.Render();

        Assert.Contains("streams_build_info{", text);
        Assert.Contains("dotnet_process_cpu_time_seconds_total{", text);
        Assert.Contains("dotnet_process_memory_working_set_bytes ", text);
    }

    static string[] Lines(PrometheusExposition exposition) => exposition.Render().Split('\n');

    static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);
}
