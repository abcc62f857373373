using System.Text.Json.Nodes;
using Streams.Schemas.Generator;

if (args.Length != 2)
{
    Console.Error.WriteLine("usage: Streams.Schemas.Generator CONTRACTS-FOLDER OUTPUT-FILE");
    return 2;
}
var emitter = new RecordEmitter();
foreach (var file in Directory.GetFiles(args[0], "*.avsc").Order(StringComparer.Ordinal))
{
    try
    {
        emitter.AddContract(JsonNode.Parse(File.ReadAllText(file))!.AsObject());
    }
    catch (Exception e) when (e is NotSupportedException or System.Text.Json.JsonException or InvalidOperationException)
    {
        Console.Error.WriteLine($"{file}: error AVSC001: {e.Message}");
        return 1;
    }
}
File.WriteAllText(args[1], emitter.ToString());
return 0;
