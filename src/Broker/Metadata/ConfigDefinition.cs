using System.Globalization;

namespace Streams.Broker.Metadata;

/// <summary>The types of configurations, by their numbers in DescribeConfigs.</summary>
internal enum ConfigType : sbyte
{
    Boolean = 1,
    String = 2,
    Int = 3,
    Long = 5,
    Double = 6,
    List = 7,
    Password = 9,
}

/// <summary>Where a configuration's value comes from, by its number in DescribeConfigs; the more specific hides the more general.</summary>
internal enum ConfigSource : sbyte
{
    Topic = 1,
    Broker = 2,
    AllBrokers = 3,
    Static = 4,
    Default = 5,
}

/// <summary>One configuration: its type, its default in text (null where it has none) and the values that are right.</summary>
internal sealed record ConfigDefinition(string Name, ConfigType Type, string? Default, string Documentation)
{
    public long? Min { get; init; }

    public long? Max { get; init; }

    /// <summary>The only values, or the only elements of a list; null where any will do.</summary>
    public IReadOnlyList<string>? Values { get; init; }

    /// <summary>What the values must satisfy besides; answers what is wrong, or null.</summary>
    public Func<string, string?>? Rule { get; init; }

    /// <summary>For a topic's configuration: the broker's, which holds where the topic has none of its own.</summary>
    public string? BrokerName { get; init; }

    /// <summary>Whether it can only be set when the broker starts.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>What is wrong with a value, or null.</summary>
    public string? Problem(string value)
    {
        var reason = Reason(Normalize(value));
        return reason is null ? null : $"{Name}={value}: {reason}";
    }

    /// <summary>The value as it is kept: without spaces around it, and truth in small letters.</summary>
    public string Normalize(string value) => Type == ConfigType.Boolean ? value.Trim().ToLowerInvariant() : value.Trim();

    public static IEnumerable<string> Elements(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private string? Reason(string value)
    {
        var reason = Type switch
        {
            ConfigType.Boolean => value is "true" or "false" ? null : "must be true or false",
            ConfigType.Int => int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? OutOfRange(number) : "must be a whole number of 32 bits",
            ConfigType.Long => long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? OutOfRange(number) : "must be a whole number of 64 bits",
            ConfigType.Double => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? OutOfRange(number) : "must be a number",
            ConfigType.List => Elements(value).Select(NotAmongValues).FirstOrDefault(r => r is not null),
            _ => NotAmongValues(value),
        };
        return reason ?? Rule?.Invoke(value);
    }

    private string? OutOfRange(double number) => number < Min ? $"must be at least {Min}" : number > Max ? $"must be at most {Max}" : null;

    private string? NotAmongValues(string value) => Values is null || Values.Contains(value) ? null : $"must be one of {string.Join(", ", Values)}";
}
