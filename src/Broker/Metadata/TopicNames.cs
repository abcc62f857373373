namespace Streams.Broker.Metadata;

/// <summary>What topics may be called.</summary>
internal static class TopicNames
{
    public const int MaxLength = 249;

    private static readonly string[] Internal = ["__consumer_offsets", "__transaction_state"];

    public static bool IsInternal(string name) => Internal.Contains(name);

    /// <summary>What is wrong with a name, or null.</summary>
    public static string? Problem(string name) => name switch
    {
        "" => "a topic's name is not empty",
        "." or ".." => $"a topic cannot be called '{name}'",
        { Length: > MaxLength } => $"a topic's name has at most {MaxLength} characters, this one has {name.Length}",
        _ when !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') => $"a topic's name has only ASCII letters, digits, '.', '_' and '-'; '{name}' has others",
        _ => null,
    };

    /// <summary>Two names that differ in '.' and '_' alone would share the names of Kafka's metrics: Kafka refuses the second.</summary>
    public static bool Collide(string first, string second) =>
        first != second && first.Length == second.Length && first.Replace('.', '_') == second.Replace('.', '_');
}
