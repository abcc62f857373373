using System.Text.Json.Nodes;

namespace Streams.Rating.Tests.Contracts;

/// <summary>Changes one place of a JSON text.</summary>
static class Mutation
{
    static readonly string?[] Values =
        ["null", "true", "0", "1", "-1", "1.5", "1e400", "\"\"", "\"0\"", "\"-1\"", "\"12.5\"", "\"999999999999999999.999999999999999999\"", "\"x\"", "\"none\"", "\"days\"", "\"P1D\"", "\"2026-02-30\"",
            "\"2026-01-01\\n\"", "\"m\"", "[]", "{}", "[null]", "\"\\ud83d\\ude00\"", "\"never\"", "\"Europe/Berlin\"", "\"2199-12-31\""];

    public static JsonNode Of(JsonNode root, Random random)
    {
        var places = new List<JsonNode>();
        Collect(root, places);
        var place = places[random.Next(places.Count)];
        if (place is JsonObject o) Change(o, random);
        else Change((JsonArray)place, random);
        return root;
    }

    static void Collect(JsonNode? node, List<JsonNode> places)
    {
        if (node is JsonObject { Count: > 0 } o)
        {
            places.Add(o);
            foreach (var (_, child) in o) Collect(child, places);
        }
        else if (node is JsonArray { Count: > 0 } a)
        {
            places.Add(a);
            foreach (var child in a) Collect(child, places);
        }
    }

    static void Change(JsonObject o, Random random)
    {
        var name = o.ElementAt(random.Next(o.Count)).Key;
        switch (random.Next(4))
        {
            case 0:
                o.Remove(name);
                break;
            case 1:
                o[name + "s"] = o[name]?.DeepClone();
                break;
            default:
                o[name] = Value(random);
                break;
        }
    }

    static void Change(JsonArray a, Random random)
    {
        var at = random.Next(a.Count);
        switch (random.Next(4))
        {
            case 0:
                a.RemoveAt(at);
                break;
            case 1:
                a.Insert(at, a[at]?.DeepClone());
                break;
            case 2:
                var (first, second) = (a[at]?.DeepClone(), a[^1]?.DeepClone());
                (a[at], a[^1]) = (second, first);
                break;
            default:
                a[at] = Value(random);
                break;
        }
    }

    static JsonNode? Value(Random random) => JsonNode.Parse(Values[random.Next(Values.Length)]!);
}
