using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.Rating.Contracts;
using Streams.Schemas;
using Streams.Testing;

namespace Streams.Rating.Tests.Contracts;

/// <summary>docs/contracts: the examples, the schema, and both against what reads them.</summary>
public sealed class ContractExampleTests
{
    static readonly string Folder = Path.Combine(Checkout.Root, "docs", "contracts");

    static readonly string[] Parts = [".schema.json", ".usage.json", ".expected.json"];

    static IEnumerable<string> Names => Directory.GetFiles(Folder, "*.json").Select(f => Path.GetFileName(f)!)
        .Where(f => !Parts.Any(p => f.EndsWith(p, StringComparison.Ordinal))).Select(f => f[..^".json".Length]).Order(StringComparer.Ordinal);

    public static IEnumerable<object[]> Examples => Names.Select(n => new object[] { n });

    static byte[] Bytes(string example) => File.ReadAllBytes(Path.Combine(Folder, $"{example}.json"));

    static SchemaValidator Validator() => new(JsonSerializer.Deserialize<JsonElement>(ContractSchema.Json));

    [Theory, MemberData(nameof(Examples))]
    public void An_example_is_good_for_reader_and_schema(string name)
    {
        var entries = ContractFile.Parse(Bytes(name), "test", default);
        Assert.True(Validator().IsValid(JsonSerializer.Deserialize<JsonElement>(Bytes(name))));
        Assert.Equal(entries.Select(e => e.Body), Canonical(ContractBook.Of(entries), entries));
        Assert.NotEmpty(ContractFile.Load(Bytes(name)).Contracts);
    }

    /// <summary>The canonical form of a definition reads back to itself.</summary>
    static IEnumerable<string> Canonical(ContractBook book, IReadOnlyList<ContractEntry> entries) => entries.Select(e => e.Kind switch
    {
        EntryKind.Meter => CanonicalJson.Write(book.Meters[e.Id]),
        EntryKind.Customer => CanonicalJson.Write(book.Customers[e.Id]),
        EntryKind.PriceBook => CanonicalJson.Write(book.PriceBooks[e.Id]),
        _ => CanonicalJson.Write(book.Contracts[e.Id]),
    });

    [Fact]
    public void The_schema_is_that_of_the_reader()
    {
        var file = Path.Combine(Folder, "contract.schema.json");
        if (Environment.GetEnvironmentVariable("STREAMS_WRITE_SCHEMA") == "1") File.WriteAllText(file, ContractSchema.Json);
        Assert.True(File.ReadAllText(file) == ContractSchema.Json, "docs/contracts/contract.schema.json is out of date; run this test with STREAMS_WRITE_SCHEMA=1");
    }

    [Fact]
    public void Each_property_has_an_example()
    {
        var validator = Validator();
        foreach (var name in Names) Assert.True(validator.IsValid(JsonSerializer.Deserialize<JsonElement>(Bytes(name))));
        var all = JsonNode.Parse(ContractSchema.Json)!["$defs"]!.AsObject().SelectMany(d => d.Value!["properties"]!.AsObject().Select(p => $"{d.Key}.{p.Key}"));
        Assert.Equal("", string.Join(' ', all.Except(validator.Used)));
    }

    [Fact]
    public void Each_page_names_the_examples_that_there_are()
    {
        var page = File.ReadAllText(Path.Combine(Folder, "README.md"));
        Assert.All(Names, n => Assert.Contains($"({n}.json)", page, StringComparison.Ordinal));
    }

    [Fact]
    public void What_a_schema_can_refuse_it_refuses()
    {
        foreach (var (json, path, code, bySchema) in BadContracts.All)
            Assert.True(Validator().IsValid(JsonSerializer.Deserialize<JsonElement>(json)) != bySchema, $"{path} {code} {json}");
    }

    /// <summary>Changed at random, an example is read or refused by name, never otherwise; and what is read is good by the schema too.</summary>
    [Fact]
    public void What_is_read_is_good_by_the_schema()
    {
        const int Seed = 20261121;
        var random = new Random(Seed);
        var names = Names.ToArray();
        var (read, refused) = (0, 0);
        for (var i = 0; i < Tier.Of(3000, 100_000); i++)
        {
            var name = names[random.Next(names.Length)];
            var json = Mutation.Of(JsonNode.Parse(Bytes(name))!, random).ToJsonString();
            try
            {
                ContractFile.Parse(json, "test", default);
                read++;
                Assert.True(Validator().IsValid(JsonSerializer.Deserialize<JsonElement>(json)), $"seed {Seed}, case {i}, {name}: {json}");
            }
            catch (ContractFaultException e)
            {
                refused++;
                Assert.NotEmpty(e.Faults);
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {Seed}, case {i}, {name}: {e}\n{json}");
            }
        }
        Assert.True(read > 100 && refused > 100, $"{read} read, {refused} refused");
    }

    /// <summary>The same verdicts from an implementation of JSON Schema that is not ours.</summary>
    [SkippableFact]
    public void Another_implementation_of_the_schema_agrees()
    {
        var python = Checkout.Program("python3");
        Skip.If(python is null, "python3 is not on the PATH");
        var cases = Names.Select(n => (Json: Encoding.UTF8.GetString(Bytes(n)), Good: true)).Concat(BadContracts.All.Where(b => !b.Json.Contains("\\ud800", StringComparison.Ordinal)).Select(b => (b.Json, Good: !b.Schema))).ToList();
        var (code, output) = Run(python, JsonSerializer.Serialize(new { schema = JsonNode.Parse(ContractSchema.Json), cases = cases.Select(c => c.Json) }));
        Skip.If(code == 3, "python3 has no jsonschema");
        Assert.True(code == 0, output);
        Assert.Equal(cases.Select(c => c.Good), JsonSerializer.Deserialize<bool[]>(output)!);
    }

    static (int Code, string Output) Run(string python, string input)
    {
        const string Script = """
            import json, sys
            try:
                import jsonschema
            except ImportError:
                sys.exit(3)
            work = json.load(sys.stdin)
            jsonschema.Draft202012Validator.check_schema(work["schema"])
            validator = jsonschema.Draft202012Validator(work["schema"])
            print(json.dumps([validator.is_valid(json.loads(case)) for case in work["cases"]]))
            """;
        using var process = Process.Start(new ProcessStartInfo(python, ["-c", Script]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        process.WaitForExit();
        return (process.ExitCode, process.ExitCode == 0 ? output.Result : errors.Result);
    }
}
