using System.Text.RegularExpressions;
using YamlDotNet.Serialization;

namespace Streams.Cli.Tests.Observability;

using Map = Dictionary<object, object>;
using Streams.Testing;

/// <summary>docker-compose.kafka.yml, as far as it can be judged without an engine.</summary>
public sealed class ComposeTests
{
    static readonly Map Compose = new DeserializerBuilder().Build().Deserialize<Map>(File.ReadAllText(Path.Combine(Checkout.Root, "docker-compose.kafka.yml")));

    static Dictionary<string, Map> Services => ((Map)Compose["services"]).ToDictionary(s => (string)s.Key, s => (Map)s.Value);

    [Fact]
    public void What_production_needs_is_there() =>
        Assert.Superset(new HashSet<string> { "kafka", "topics", "registry", "postgres", "prometheus", "grafana" }, Services.Keys.ToHashSet());

    [Fact]
    public void Every_image_is_pinned_to_a_version() =>
        Assert.All(Services.Values, s => Assert.Matches(@"^[\w./-]+:v?\d+\.\d+(\.\d+)?$", (string)s["image"]));

    [Fact]
    public void Every_port_is_on_loopback_and_used_once()
    {
        var ports = Services.Values.Where(s => s.ContainsKey("ports")).SelectMany(s => (List<object>)s["ports"]).Cast<string>().ToList();

        Assert.All(ports, port => Assert.Matches(@"^127\.0\.0\.1:\d+:\d+$", port));
        Assert.Equal(ports.Count, ports.Select(p => p.Split(':')[1]).Distinct().Count());
    }

    [Fact]
    public void Every_server_has_a_health_check_and_who_depends_waits_for_it()
    {
        foreach (var (name, service) in Services)
        {
            Assert.True(name == "topics" || service.ContainsKey("healthcheck"), $"{name} has no health check");
            if (!service.TryGetValue("depends_on", out var needed)) continue;
            Assert.All((Map)needed, d => Assert.Equal("service_healthy", ((Map)d.Value)["condition"]));
            Assert.All(((Map)needed).Keys, d => Assert.Contains((string)d, Services.Keys));
        }
    }

    [Fact]
    public void Every_named_volume_is_declared_and_every_mounted_file_exists()
    {
        var declared = ((Map)Compose["volumes"]).Keys.Cast<string>().ToHashSet();
        var sources = Services.Values.Where(s => s.ContainsKey("volumes")).SelectMany(s => (List<object>)s["volumes"]).Select(v => ((string)v).Split(':')[0]);

        Assert.All(sources, source => Assert.True(source.StartsWith("./", StringComparison.Ordinal) ? Path.Exists(Path.Combine(Checkout.Root, source)) : declared.Contains(source), source));
    }

    [Fact]
    public void Topics_are_the_programs_with_its_settings()
    {
        var made = Topics();

        Assert.Equal(TopicProvisioner.Catalogue(12).Select(t => t.Name).Order(StringComparer.Ordinal), made.Keys.Order(StringComparer.Ordinal));
        foreach (var topic in TopicProvisioner.Catalogue(12))
        {
            Assert.Equal(topic.NumPartitions, made[topic.Name].Partitions);
            Assert.Equal(topic.Configs.OrderBy(c => c.Key, StringComparer.Ordinal), made[topic.Name].Settings.OrderBy(c => c.Key, StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Topics_are_made_by_nobody_else() =>
        Assert.Equal("false", ((Map)Services["kafka"]["environment"])["KAFKA_AUTO_CREATE_TOPICS_ENABLE"]);

    /// <summary>Reads the script's "make --topic NAME …" lines, with its one loop unrolled.</summary>
    static Dictionary<string, (int Partitions, Dictionary<string, string> Settings)> Topics()
    {
        var script = (string)((List<object>)Services["topics"]["command"])[0];
        var unrolled = Regex.Replace(script, @"for topic in ([^;]+); do\s+(make [^\n]+)\s+done",
            m => string.Join('\n', m.Groups[1].Value.Split(' ').Select(t => m.Groups[2].Value.Replace("\"$$topic\"", t, StringComparison.Ordinal))));
        return Regex.Matches(unrolled, @"^\s*make --topic (\S+) --partitions (\d+)(.*)$", RegexOptions.Multiline).ToDictionary(
            m => m.Groups[1].Value,
            m => (int.Parse(m.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture),
                Regex.Matches(m.Groups[3].Value, @"--config ([\w.]+)=(\S+)").ToDictionary(c => c.Groups[1].Value, c => c.Groups[2].Value)));
    }
}
