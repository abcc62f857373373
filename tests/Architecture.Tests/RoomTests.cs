using System.Reflection;
using System.Xml.Linq;

namespace Streams.Architecture.Tests;

/// <summary>Who may use whom.</summary>
public sealed class RoomTests
{
    static readonly Dictionary<string, string[]> MayUse = new(StringComparer.Ordinal)
    {
        ["Schemas"] = [],
        ["Streaming"] = [],
        ["Broker"] = ["Schemas"],
        ["Rating"] = ["Schemas"],
        ["Ingest"] = ["Schemas", "Rating"],
        ["Aggregators"] = ["Schemas", "Streaming", "Rating"],
        ["ErpSink"] = ["Schemas"],
        ["Simulators"] = ["Schemas"],
        ["Console"] = ["Schemas", "ErpSink"],
        ["Cli"] = ["Schemas", "Streaming", "Broker", "Rating", "Ingest", "Aggregators", "ErpSink", "Simulators", "Console"],
    };

    public static TheoryData<string> Rooms => [.. MayUse.Keys];

    [Fact]
    public void Every_room_is_listed() =>
        Assert.Equal(MayUse.Keys.Order(StringComparer.Ordinal), Directory.GetDirectories(Path.Combine(Repository.Top, "src")).Select(Path.GetFileName).Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Rooms))]
    public void A_project_refers_to_what_its_room_may_use(string room)
    {
        var used = References($"src/{room}/Streams.{room}.csproj").Select(path => Path.GetFileNameWithoutExtension(path)["Streams.".Length..]);

        // The generator of the contracts' types runs before the compiler; nothing links to it.
        Assert.Subset(MayUse[room].Append("Schemas.Generator").ToHashSet(), used.ToHashSet());
    }

    [Theory, MemberData(nameof(Rooms))]
    public void An_assembly_refers_to_what_its_room_may_use(string room)
    {
        var used = Assembly.Load(room == "Cli" ? "streams" : $"Streams.{room}").GetReferencedAssemblies()
            .Select(a => a.Name!).Where(n => n.StartsWith("Streams.", StringComparison.Ordinal)).Select(n => n["Streams.".Length..]);

        Assert.Subset(MayUse[room].ToHashSet(), used.ToHashSet());
    }

    [Fact]
    public void The_architecture_page_has_the_same_table()
    {
        var page = Repository.Read("docs/architecture.md");

        foreach (var (room, uses) in MayUse)
        {
            var row = page.Split('\n').SingleOrDefault(l => l.StartsWith($"| src/{room} |", StringComparison.Ordinal));
            Assert.True(row is not null, $"docs/architecture.md has no row for src/{room}");
            var stated = row.Split('|')[^2].Trim();
            Assert.Equal(uses.Order(StringComparer.Ordinal), stated switch
            {
                "nothing of ours" => [],
                "all" => MayUse.Keys.Where(r => r != "Cli").Order(StringComparer.Ordinal),
                _ => stated.Split(", ").Order(StringComparer.Ordinal),
            });
        }
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = Repository.Read("Streams.sln").Replace('\\', '/');

        Assert.All(Repository.Files(".", "*.csproj"), project => Assert.Contains($"\"{project}\"", solution));
    }

    static IEnumerable<string> References(string project) =>
        XDocument.Parse(Repository.Read(project)).Descendants("ProjectReference").Select(r => r.Attribute("Include")!.Value.Replace('\\', '/'));
}
