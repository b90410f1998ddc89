using System.Collections.Immutable;
using Naf.Kernels.Observation;
using Naf.Sim.Tasks.Definitions;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Sections;

/// <summary>The section `constants`: name → [numbers], or name → a distribution.</summary>
internal sealed class ConstantTable
{
    public ConstantTable(YamlCursor? section)
    {
        var constants = ImmutableArray.CreateBuilder<EpisodeConstant>();
        foreach ((string name, _, YamlCursor value) in section?.Map(null).Entries ?? [])
        {
            Draw draw = ReadDraw(value);
            constants.Add(new EpisodeConstant(name, Size, draw));
            Size += draw.Size;
        }
        Constants = constants.ToImmutable();
    }

    /// <summary>The constants, in the file's order.</summary>
    public ImmutableArray<EpisodeConstant> Constants { get; }

    /// <summary>Size of the vector of constants.</summary>
    public int Size { get; }

    /// <summary>The constant of this name as a place, or null.</summary>
    public Place? Find(string name) =>
        Constants.FirstOrDefault(c => c.Name == name) is { } constant ? Place.Constant(constant.Offset, constant.Draw.Size) : null;

    private static Draw ReadDraw(YamlCursor value)
    {
        if (!value.IsMapping)
        {
            double[] numbers = value.Numbers(value.IsSequence ? value.Items().Count : 1);
            if (numbers.Length is < 1 or > 3) throw value.Error($"the constant '{value.What}' has {numbers.Length} numbers; a constant has 1 to 3");
            return new Draw([.. numbers], Spread.Fixed, [], []);
        }
        // 'at' gives the size; a polar pair without it stands at the origin
        YamlMap map = value.Map(DrawReader.Keys);
        int size = map["at"] is { } at ? at.OneOrMore().Count : map["polar"] is not null ? 2 : 1;
        return size <= 3
            ? DrawReader.Read(map, new double[size])
            : throw value.Error($"the constant '{value.What}' has {size} numbers; a constant has 1 to 3");
    }
}
