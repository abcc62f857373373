using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>
/// IncrementalAlterConfigs (44), versions 0–1: sets, deletes, appends and subtracts single configurations of topics and of the broker. Of the broker's,
/// those that it does not know are refused, where Kafka keeps them for its plug-ins.
/// </summary>
internal static class IncrementalAlterConfigs
{
    public static readonly ApiDefinition Definition = new(ApiKey.IncrementalAlterConfigs, 0, 1, 1, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var alterations = new List<ConfigAlteration>();
        for (var r = reader.ReadArrayLength(); r > 0; r--)
        {
            var alteration = new ConfigAlteration(reader.ReadInt8(), reader.ReadString(), []);
            for (var c = reader.ReadArrayLength(); c > 0; c--)
            {
                var (name, operation, value) = (reader.ReadString(), (ConfigOperation)reader.ReadInt8(), reader.ReadNullableString());
                alteration.Changes.Add(new ConfigChange(name, operation, value));
                reader.SkipTags();
            }
            reader.SkipTags();
            alterations.Add(alteration);
        }
        return ConfigAlterations.AlterAsync(request, alterations, replace: false, validateOnly: reader.ReadBool());
    }
}
