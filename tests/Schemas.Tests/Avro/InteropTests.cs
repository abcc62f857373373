using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json.Nodes;
using Streams.Schemas.Avro;

namespace Streams.Schemas.Tests.Avro;

/// <summary>Another implementation, Debian's python3-avro, reads what this one writes and writes what this one reads.</summary>
public class InteropTests
{
    const string Python = "/usr/bin/python3";

    [SkippableFact]
    public void Python_and_this_library_write_the_same_bytes_and_read_the_same_data()
    {
        SkipWithoutPython();
        const int Seed = 20260722;
        Console.WriteLine($"seed {Seed}");
        var random = new RandomAvro(Seed);
        var asked = Enumerable.Range(0, 400).Select(_ => Ask(random, 4)).ToList();
        var answers = Run(asked.Select(a => a.Line));
        Assert.Equal(asked.Count, answers.Count);
        foreach (var ((line, schema, data), answer) in asked.Zip(answers))
        {
            for (var i = 0; i < data.Count; i++)
            {
                var expected = line["cases"]![i]!;
                Assert.True(JsonNode.DeepEquals(expected["value"], answer["read"]![i]), $"{schema.ToJson()}: {expected.ToJsonString()} was read as {answer["read"]![i]?.ToJsonString()}");
                Assert.True((string?)expected["hex"] == (string?)answer["written"]![i], $"{schema.ToJson()}: {expected.ToJsonString()} was written as {answer["written"]![i]}");
                Assert.True(JsonNode.DeepEquals(expected["value"], Show(schema, new DatumReader(schema).Read(Convert.FromHexString((string)expected["hex"]!)))), schema.ToJson());
            }
        }
    }

    [SkippableTheory]
    [InlineData(ContainerCodec.Null, "null")]
    [InlineData(ContainerCodec.Deflate, "deflate")]
    public void Python_and_this_library_read_each_others_files(ContainerCodec codec, string name)
    {
        SkipWithoutPython();
        var folder = Directory.CreateTempSubdirectory("avro-interop").FullName;
        try
        {
            var random = new RandomAvro(7);
            var asked = new List<(JsonObject Line, AvroSchema Schema, List<object?> Data)>();
            while (asked.Count < 20)
            {
                var ask = Ask(random, 300);
                if (ask.Schema.Kind is not (SchemaKind.Record or SchemaKind.Array)) continue;
                ask.Line["file_in"] = Path.Combine(folder, $"{asked.Count}-in.avro");
                ask.Line["file_out"] = Path.Combine(folder, $"{asked.Count}-out.avro");
                ask.Line["codec"] = name;
                WriteFile((string)ask.Line["file_in"]!, ask.Schema, ask.Data, codec);
                asked.Add(ask);
            }
            foreach (var ((line, schema, data), answer) in asked.Zip(Run(asked.Select(a => a.Line))))
            {
                var expected = new JsonArray(data.Select(d => Show(schema, d)).ToArray());
                Assert.True(JsonNode.DeepEquals(expected, answer["file"]), schema.ToJson());
                using var file = File.OpenRead((string)line["file_out"]!);
                var read = new ContainerReader(file);
                Assert.True(JsonNode.DeepEquals(expected, new JsonArray(read.ReadAll().Select(d => Show(read.Schema, d)).ToArray())), schema.ToJson());
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static void WriteFile(string path, AvroSchema schema, List<object?> data, ContainerCodec codec)
    {
        using var file = File.Create(path);
        using var writer = new ContainerWriter(file, schema, codec, blockBytes: 500);
        foreach (var datum in data) writer.Write(datum);
    }

    static (JsonObject Line, AvroSchema Schema, List<object?> Data) Ask(RandomAvro random, int count)
    {
        var json = random.Schema().ToJsonString();
        var schema = AvroSchema.Parse(json);
        var data = Enumerable.Range(0, count).Select(_ => random.Datum(schema)).ToList();
        var cases = data.Select(d => (JsonNode)new JsonObject { ["hex"] = Convert.ToHexString(DatumWriter.ToBytes(schema, d)), ["value"] = Show(schema, d) });
        return (new JsonObject { ["schema"] = json, ["cases"] = new JsonArray(cases.ToArray()) }, schema, data);
    }

    /// <summary>A datum as the script shows it: numbers as text, floating point as its bits, logical types that Python knows as their exact meaning.</summary>
    static JsonNode? Show(AvroSchema schema, object? datum) => (schema, datum) switch
    {
        (UnionSchema union, _) => ShowBranch(union, datum),
        ({ Logical.Kind: LogicalKind.Decimal }, _) => ((AvroDecimal)LogicalValue.FromDatum(schema, datum)!).Unscaled.ToString(CultureInfo.InvariantCulture),
        ({ Logical.Kind: LogicalKind.Date }, int days) => days.ToString(CultureInfo.InvariantCulture),
        ({ Logical.Kind: LogicalKind.TimeMillis or LogicalKind.TimeMicros }, _) => (((TimeOnly)LogicalValue.FromDatum(schema, datum)!).Ticks / 10).ToString(CultureInfo.InvariantCulture),
        ({ Logical.Kind: LogicalKind.TimestampMillis or LogicalKind.TimestampMicros }, _) => ((Timestamp)LogicalValue.FromDatum(schema, datum)!).Micros.ToString(CultureInfo.InvariantCulture),
        (RecordSchema record, GenericRecord value) => new JsonArray(record.Fields.Select(f => Show(f.Type, value[f.Name])).ToArray()),
        (ArraySchema array, IReadOnlyList<object?> items) => new JsonArray(items.Select(i => Show(array.Items, i)).ToArray()),
        (MapSchema map, IReadOnlyDictionary<string, object?> entries) => new JsonObject(entries.Select(e => KeyValuePair.Create(e.Key, Show(map.Values, e.Value)))),
        (_, byte[] bytes) => Convert.ToHexString(bytes),
        (_, GenericFixed value) => Convert.ToHexString(value.Bytes),
        (_, GenericEnum value) => value.Symbol,
        (_, bool value) => value,
        (_, float value) => BitConverter.SingleToUInt32Bits(value).ToString("X8", CultureInfo.InvariantCulture),
        (_, double value) => BitConverter.DoubleToUInt64Bits(value).ToString("X16", CultureInfo.InvariantCulture),
        (_, null) => null,
        _ => Convert.ToString(datum, CultureInfo.InvariantCulture),
    };

    static JsonObject ShowBranch(UnionSchema union, object? datum)
    {
        var branch = union.Branches[(int)new AvroReader(DatumWriter.ToBytes(union, datum)).ReadLong()];
        return new() { ["branch"] = branch.Kind.ToString().ToLowerInvariant(), ["value"] = Show(branch, datum) };
    }

    static List<JsonNode> Run(IEnumerable<JsonObject> lines)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "Avro", "interop.py");
        using var process = Process.Start(new ProcessStartInfo(Python, ["-W", "ignore", script])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, StandardInputEncoding = new UTF8Encoding(false),
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            foreach (var line in lines) process.StandardInput.WriteLine(line.ToJsonString());
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            Assert.Fail(errors.Result);
        }
        Assert.True(process.WaitForExit(60_000), "Python does not end");
        Assert.True(process.ExitCode == 0, errors.Result);
        return output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!).ToList();
    }

    static void SkipWithoutPython()
    {
        Skip.IfNot(File.Exists(Python), $"{Python} is missing");
        using var process = Process.Start(new ProcessStartInfo(Python, ["-c", "import avro.datafile"]) { RedirectStandardError = true })!;
        Skip.IfNot(process.WaitForExit(30_000) && process.ExitCode == 0, "python3-avro is missing (apt-get install python3-avro)");
    }
}
