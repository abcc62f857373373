using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>AlterConfigs (33), versions 0–2: gives a topic or the broker new configurations in place of all that it had.</summary>
internal static class AlterConfigs
{
    public static readonly ApiDefinition Definition = new(ApiKey.AlterConfigs, 0, 2, 2, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var alterations = new List<ConfigAlteration>();
        for (var r = reader.ReadArrayLength(); r > 0; r--)
        {
            var alteration = new ConfigAlteration(reader.ReadInt8(), reader.ReadString(), []);
            for (var c = reader.ReadArrayLength(); c > 0; c--)
            {
                alteration.Changes.Add(new ConfigChange(reader.ReadString(), ConfigOperation.Set, reader.ReadNullableString()));
                reader.SkipTags();
            }
            reader.SkipTags();
            alterations.Add(alteration);
        }
        return ConfigAlterations.AlterAsync(request, alterations, replace: true, validateOnly: reader.ReadBool());
    }
}
