using Streams.Schemas.Avro;

namespace Streams.Schemas.Tests.Avro;

/// <summary>Bytes changed at random are read or refused; nothing but <see cref="AvroException"/> comes out.</summary>
public class FuzzTests
{
    static void Mutate(int seed, int rounds, byte[] original, Action<byte[]> read, bool someAreRefused = true)
    {
        Console.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var refused = 0;
        for (var i = 0; i < rounds; i++)
        {
            var bytes = Mutation(random, original);
            try
            {
                read(bytes);
            }
            catch (AvroException)
            {
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, round {i}: {Convert.ToHexString(bytes)}: {e}");
            }
        }
        if (someAreRefused) Assert.InRange(refused, 1, rounds);
    }

    static byte[] Mutation(Random random, byte[] original)
    {
        var bytes = original.ToList();
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            var place = random.Next(bytes.Count + 1);
            var odd = ((byte[])[0, 1, 2, 0x7F, 0x80, 0xFF, 0xFE, (byte)random.Next(256)])[random.Next(8)];
            switch (random.Next(4))
            {
                case 0 when place < bytes.Count: bytes[place] = odd; break;
                case 1 when place < bytes.Count: bytes.RemoveAt(place); break;
                case 2 when place < bytes.Count: bytes.RemoveRange(place, random.Next(bytes.Count - place)); break;
                default: bytes.InsertRange(place, Enumerable.Repeat(odd, random.Next(1, 12))); break;
            }
        }
        return bytes.ToArray();
    }

    [Fact]
    public void Generated_records_and_views()
    {
        Mutate(1, 60_000, ContractTests.EventBytes, b => UsageEvent.Read(b));
        Mutate(2, 60_000, ContractTests.EventBytes, b => UsageEventView.Read(b));
        Mutate(3, 60_000, ContractTests.DocumentBytes, b => ErpDocument.Read(b));
        Mutate(4, 60_000, ContractTests.DocumentBytes, b => ErpDocumentView.Read(b));
    }

    [Fact]
    public void Generic_data_of_random_schemas()
    {
        var random = new RandomAvro(5);
        for (var i = 0; i < 200; i++)
        {
            var schema = AvroSchema.Parse(random.Schema(4).ToJsonString());
            var reader = new DatumReader(schema);
            var transcoder = new Transcoder(schema, schema);
            var bytes = DatumWriter.ToBytes(schema, random.Datum(schema));
            if (schema.Kind == SchemaKind.Null) continue;
            Mutate(1000 + i, 500, bytes, b => { _ = reader.Read(b); _ = transcoder.Transcode(b); }, someAreRefused: false);
        }
    }

    [Fact]
    public void Schemas_themselves() =>
        Mutate(6, 30_000, System.Text.Encoding.UTF8.GetBytes(ErpDocument.SchemaJson), b =>
        {
            var schema = AvroSchema.Parse(System.Text.Encoding.Latin1.GetString(b));
            Assert.Equal(schema.ToJson(), AvroSchema.Parse(schema.ToJson()).ToJson());
        });

    [Fact]
    public void Container_files()
    {
        var schema = AvroSchema.Parse(UsageEvent.SchemaJson);
        var datum = new DatumReader(schema).Read(ContractTests.EventBytes);
        using var file = new MemoryStream();
        using (var writer = new ContainerWriter(file, schema)) { writer.Write(datum); writer.Write(datum); }
        Mutate(7, 10_000, file.ToArray(), b => new ContainerReader(new MemoryStream(b)).ReadAll().Count());
    }
}
