namespace Streams.Broker.Metadata;

/// <summary>Operations of IncrementalAlterConfigs, by their numbers.</summary>
internal enum ConfigOperation : sbyte
{
    Set = 0,
    Delete = 1,
    Append = 2,
    Subtract = 3,
}

/// <summary>One change of one configuration.</summary>
internal sealed record ConfigChange(string Name, ConfigOperation Operation, string? Value)
{
    /// <summary>Carries changes out on configurations, one after the other.</summary>
    /// <param name="find">The definition of a name, or null; a name without one can be deleted alone.</param>
    /// <param name="inherited">What holds where the configurations have no value: what is appended to and subtracted from.</param>
    /// <returns>What is wrong, or null.</returns>
    public static string? Apply(
        Dictionary<string, string> configs, IEnumerable<ConfigChange> changes, Func<string, ConfigDefinition?> find, Func<ConfigDefinition, string> inherited)
    {
        foreach (var change in changes)
        {
            if (change.Operation == ConfigOperation.Delete)
            {
                configs.Remove(change.Name);
                continue;
            }
            if (find(change.Name) is not { } definition) return $"{change.Name}: there is no such configuration";
            if (change.Operation != ConfigOperation.Set && definition.Type != ConfigType.List)
                return $"{change.Name} is no list: it can be set and deleted, not appended to or subtracted from";
            configs[change.Name] = change.Operation switch
            {
                ConfigOperation.Set => definition.Normalize(change.Value!),
                ConfigOperation.Append => string.Join(',', Before().Union(ConfigDefinition.Elements(change.Value!))),
                _ => string.Join(',', Before().Except(ConfigDefinition.Elements(change.Value!))),
            };
            IEnumerable<string> Before() => ConfigDefinition.Elements(configs.GetValueOrDefault(change.Name) ?? inherited(definition));
        }
        return null;
    }
}
