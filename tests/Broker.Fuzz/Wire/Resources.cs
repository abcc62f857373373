namespace Streams.Broker.Fuzz.Wire;

internal static class Resources
{
    public static IEnumerable<string> Lines(string name)
    {
        using var reader = new StreamReader(typeof(Resources).Assembly.GetManifestResourceStream(name) ?? throw new FileNotFoundException(name));
        while (reader.ReadLine() is { } line) yield return line;
    }
}
