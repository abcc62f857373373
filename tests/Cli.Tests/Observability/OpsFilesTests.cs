using System.Diagnostics.Metrics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Streams.Cli.Observability;
using YamlDotNet.Serialization;
using Streams.Testing;

namespace Streams.Cli.Tests.Observability;

/// <summary>Dashboard and alerts against the instruments that the code has.</summary>
public sealed class OpsFilesTests
{
    static readonly Lazy<IReadOnlySet<string>> Catalogue = new(ReadCatalogue);

    [Fact]
    public void Every_room_that_works_has_instruments()
    {
        foreach (var prefix in new[] { "streams_ingest_", "streams_streaming_", "streams_aggregators_", "streams_erp_", "streams_kafka_" })
        {
            Assert.Contains(Catalogue.Value, name => name.StartsWith(prefix, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Every_expression_of_the_dashboard_names_metrics_that_exist()
    {
        var dashboard = JsonNode.Parse(System.IO.File.ReadAllText(File("ops/grafana/dashboards/streams.json")))!;
        var expressions = Strings(dashboard, "expr").ToList();

        Assert.True(expressions.Count > 15, $"{expressions.Count} expressions");
        Assert.All(expressions, AssertKnown);
    }

    [Fact]
    public void Every_alert_names_metrics_that_exist_and_says_what_to_do()
    {
        var rules = Rules().ToList();

        Assert.True(rules.Count >= 7, $"{rules.Count} rules");
        foreach (var rule in rules)
        {
            AssertKnown((string)rule["expr"]);
            var annotations = (Dictionary<object, object>)rule["annotations"];
            Assert.NotEqual("", (string)annotations["summary"]);
            Assert.True(((string)annotations["runbook"]).Length > 40, $"{rule["alert"]} has no runbook");
            Assert.Matches("^Streams[A-Z]", (string)rule["alert"]);
        }
    }

    [SkippableFact]
    public void Promtool_accepts_the_rules_and_the_configuration()
    {
        Skip.If(Promtool.Missing is not null, Promtool.Missing);
        foreach (var arguments in new[] { new[] { "check", "rules", File("ops/prometheus/alerts.yml") }, ["check", "config", File("ops/prometheus/prometheus.yml")] })
        {
            var (code, output) = Promtool.Run(null, arguments);
            Assert.True(code == 0, output);
        }
    }

    static void AssertKnown(string expression)
    {
        // What is left of an expression without labels, ranges, groupings, numbers and functions is names of metrics.
        var bare = Regex.Replace(expression, @"\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ");
        var names = Regex.Matches(bare, @"(?<![\w.])[a-zA-Z_:][\w:]*\b(?!\s*\()").Select(m => m.Value)
            .Except(["and", "or", "unless", "offset", "bool", "by", "without", "sum", "max", "min", "avg", "count", "topk"]).ToList();
        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.True(Catalogue.Value.Contains(name), $"No instrument is exposed as {name}: {expression}"));
    }

    /// <summary>Every static class named Telemetry is made to create its instruments; their names as exposed, with what a histogram adds.</summary>
    static IReadOnlySet<string> ReadCatalogue()
    {
        var names = new HashSet<string>(["up", "streams_build_info", "streams_metrics_dropped_measurements_total"], StringComparer.Ordinal);
        using var exposition = new PrometheusExposition();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (!PrometheusExposition.Exposes(instrument.Meter.Name)) return;
            var name = PrometheusName.Of(instrument);
            var suffixes = PrometheusName.KindOf(instrument) == SeriesKind.Histogram ? new[] { "_bucket", "_sum", "_count" } : [""];
            lock (names) names.UnionWith(suffixes.Select(s => name + s));
        };
        listener.Start();
        foreach (var type in Directory.GetFiles(AppContext.BaseDirectory, "Streams.*.dll").Append(Path.Combine(AppContext.BaseDirectory, "streams.dll"))
            .Where(f => !Path.GetFileName(f).Contains("Tests", StringComparison.Ordinal))
            .SelectMany(f => Assembly.Load(Path.GetFileNameWithoutExtension(f)).GetTypes()).Where(t => t is { Name: "Telemetry", IsAbstract: true, IsSealed: true }))
        {
            RuntimeHelpers.RunClassConstructor(type.TypeHandle);
        }
        lock (names) return names.ToHashSet(StringComparer.Ordinal);
    }

    static IEnumerable<Dictionary<object, object>> Rules()
    {
        var file = new DeserializerBuilder().Build().Deserialize<Dictionary<string, List<Dictionary<string, object>>>>(System.IO.File.ReadAllText(File("ops/prometheus/alerts.yml")));
        return file["groups"].SelectMany(g => (List<object>)g["rules"]).Cast<Dictionary<object, object>>();
    }

    static IEnumerable<string> Strings(JsonNode? node, string property) => node switch
    {
        JsonObject o => o.SelectMany(p => p.Key == property && p.Value is JsonValue v ? [v.GetValue<string>()] : Strings(p.Value, property)),
        JsonArray a => a.SelectMany(n => Strings(n, property)),
        _ => [],
    };

    static string File(string path) => Path.Combine(Checkout.Root, path);
}
