using System.Globalization;
using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>The changes that a request asks for on one resource, and their outcome.</summary>
internal sealed record ConfigAlteration(sbyte Type, string Name, List<ConfigChange> Changes)
{
    public ErrorCode Error { get; set; }

    public string? Message { get; set; }
}

/// <summary>What AlterConfigs and IncrementalAlterConfigs have in common. Each resource stands for itself: one that is refused does not hold up the others.</summary>
internal static class ConfigAlterations
{
    public const sbyte TopicResource = 2;
    public const sbyte BrokerResource = 4;

    /// <summary>Carries out all alterations, notes their outcomes and writes the answer; what was changed is on disk when the task completes.</summary>
    /// <param name="replace">Whether the changes stand for all that the resource has, so that what is not named goes back to its default.</param>
    public static Task AlterAsync(Request request, List<ConfigAlteration> alterations, bool replace, bool validateOnly)
    {
        foreach (var alteration in alterations) (alteration.Error, alteration.Message) = Check(alteration, alterations) ?? Alter(request.Node, alteration, replace, validateOnly);
        var response = request.Response;
        response.WriteInt32(0);
        response.WriteArrayLength(alterations.Count);
        foreach (var alteration in alterations)
        {
            response.WriteError(alteration.Error);
            response.WriteString(alteration.Message);
            response.WriteInt8(alteration.Type);
            response.WriteString(alteration.Name);
            response.WriteTags();
        }
        response.WriteTags();
        return validateOnly ? Task.CompletedTask : request.Node.Journal.FlushAsync();
    }

    private static (ErrorCode, string?)? Check(ConfigAlteration alteration, List<ConfigAlteration> all)
    {
        if (all.Count(a => a.Type == alteration.Type && a.Name == alteration.Name) > 1) return (ErrorCode.InvalidRequest, "a resource can be named once in a request");
        if (alteration.Changes.DistinctBy(c => c.Name).Count() < alteration.Changes.Count) return (ErrorCode.InvalidRequest, "a configuration can be named once for a resource");
        if (alteration.Changes.Find(c => !Enum.IsDefined(c.Operation)) is { } odd) return (ErrorCode.InvalidRequest, $"{odd.Name}: unknown operation {(sbyte)odd.Operation}");
        if (alteration.Changes.Find(c => c.Value is null && c.Operation != ConfigOperation.Delete) is { } empty) return (ErrorCode.InvalidRequest, $"{empty.Name}: the value is missing");
        return null;
    }

    private static (ErrorCode, string?) Alter(Node node, ConfigAlteration alteration, bool replace, bool validateOnly) => alteration.Type switch
    {
        TopicResource => AlterTopic(node, alteration, replace, validateOnly),
        BrokerResource => AlterBroker(node, alteration, replace, validateOnly),
        _ => (ErrorCode.InvalidRequest, $"configurations of resource type {alteration.Type} cannot be altered here; topics (2) and the broker (4) can"),
    };

    private static (ErrorCode, string?) AlterTopic(Node node, ConfigAlteration alteration, bool replace, bool validateOnly)
    {
        if (alteration.Name.Length == 0) return (ErrorCode.InvalidRequest, "a topic must be named");
        if (TopicNames.Problem(alteration.Name) is { } illegal) return (ErrorCode.InvalidTopic, illegal);
        string? problem = null;
        var error = node.Change(alteration.Name, topic =>
        {
            var configs = replace ? [] : new Dictionary<string, string>(topic.Configs, StringComparer.Ordinal);
            problem = ConfigChange.Apply(configs, alteration.Changes, TopicConfigs.Find, d => topic.Effective[d.Name]) ?? TopicConfigs.Problem(configs);
            return problem is null && !validateOnly ? new ConfigsChanged(topic.Name, configs) : null;
        });
        if (error == ErrorCode.UnknownTopicOrPartition) return (error, $"there is no topic {alteration.Name}");
        return problem is null ? (error, null) : (ErrorCode.InvalidConfig, problem);
    }

    private static (ErrorCode, string?) AlterBroker(Node node, ConfigAlteration alteration, bool replace, bool validateOnly)
    {
        if (BrokerProblem(alteration.Name) is { } unknown) return (ErrorCode.InvalidRequest, unknown);
        var broker = alteration.Name.Length == 0 ? BrokerConfigs.AllBrokers : alteration.Name;
        var known = node.BrokerConfigs;
        var problem = alteration.Changes.Select(c => known.Find(c.Name) switch
        {
            null when c.Operation != ConfigOperation.Delete => $"{c.Name}: this broker has no such configuration; DescribeConfigs lists those that it has",
            { IsReadOnly: true } => $"{c.Name} is fixed when the broker starts",
            _ => null,
        }).FirstOrDefault(p => p is not null);
        if (problem is not null) return (ErrorCode.InvalidRequest, problem);
        var error = node.ChangeBroker(broker, before =>
        {
            var configs = replace ? [] : new Dictionary<string, string>(before, StringComparer.Ordinal);
            problem = ConfigChange.Apply(configs, alteration.Changes, known.Find, d => known.Layers(d.Name).First().Value)
                ?? configs.Select(c => known.Find(c.Key)!.Problem(c.Value)).FirstOrDefault(p => p is not null);
            return problem is null && !validateOnly ? new BrokerConfigsChanged(broker, configs) : null;
        });
        return problem is null ? (error, null) : (ErrorCode.InvalidRequest, problem);
    }

    /// <summary>What is wrong with the name of a broker resource, or null: this broker, or the empty name for all.</summary>
    public static string? BrokerProblem(string name) =>
        name.Length == 0 ? null
        : !int.TryParse(name, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var id) ? $"a broker is named by its number, not '{name}'"
        : id != Node.Id ? $"this is broker {Node.Id}, there is no broker {id}" : null;
}
