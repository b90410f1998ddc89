using Naf.Sim.Mujoco.Layouts;

namespace Naf.Sim.Mujoco;

/// <summary>
/// Self-check at load: loads <see cref="ProbeModel"/> and compares the value at every offset of a layout with the
/// expected one. Reads go through <see cref="ProbedMemory"/>, so that a wrong layout is rejected without a crash.
/// </summary>
internal static unsafe class LayoutCheck
{
    private const double Tolerance = 1e-9; // MuJoCo normalises quaternions and axes, and a step rounds

    /// <summary>Checks a layout against the library.</summary>
    /// <exception cref="MujocoException">A field does not hold the expected value.</exception>
    public static void Run(MujocoLibrary library, MujocoLayout layout)
    {
        if (Mismatch(library, layout) is { } mismatch)
            throw new MujocoException(
                $"the library {library.Path} calls itself MuJoCo {library.Version} but its memory is not laid out like "
                + $"that release: {mismatch}. It may be a changed build; {MujocoFinder.Remedy}");
    }

    /// <summary>Describes the first field that does not hold the expected value; null if all agree.</summary>
    public static string? Mismatch(MujocoLibrary library, MujocoLayout layout)
    {
        nint model = library.LoadModelText(ProbeModel.Xml);
        nint data = 0;
        try
        {
            data = library.MakeData(model);
            return ModelMismatch(layout, model) ?? DataMismatch(library, layout, model, data);
        }
        finally
        {
            if (data != 0) library.DeleteData(data);
            library.DeleteModel(model);
        }
    }

    private static string? ModelMismatch(MujocoLayout layout, nint model)
    {
        foreach ((string field, int expected) in ProbeModel.Sizes)
        {
            nint at = model + layout.Model(field);
            string? mismatch = layout.SizeWidth == 8
                ? Compare<long>("mjModel." + field, at, [expected])
                : Compare("mjModel." + field, at, [expected]);
            if (mismatch != null) return mismatch;
        }
        return Compare("mjModel.opt.timestep", model + layout.Model("opt.timestep"), [ProbeModel.Timestep])
            ?? All("mjModel.", ProbeModel.Arrays, f => model + layout.Model(f));
    }

    private static string? DataMismatch(MujocoLibrary library, MujocoLayout layout, nint model, nint data)
    {
        nint time = data + layout.Data("time");
        ErrorGuard.Invoke(library.Export("mj_resetDataKeyframe"), model, data, 0);
        string? mismatch = Compare("mjData.time", time, [ProbeModel.KeyTime])
            ?? All("mjData.", ProbeModel.KeyArrays, f => data + layout.Data(f));
        if (mismatch != null) return mismatch;

        ErrorGuard.Invoke(library.Step, model, data);
        mismatch = Compare("mjData.time", time, [ProbeModel.KeyTime + ProbeModel.Timestep])
            ?? All("mjData.", ProbeModel.SteppedArrays, f => data + layout.Data(f));
        if (mismatch != null) return mismatch;

        // qpos was checked above: write a NaN to it, and the warning must be counted
        double* qpos = *(double**)(data + layout.Data("qpos"));
        qpos[2] = double.NaN;
        ErrorGuard.Invoke(library.Step, model, data, quiet: true);
        nint badPosition = data + layout.Data("warning") + 8 * (layout.WarningKinds - 4);
        return Compare("mjData.warning", badPosition, [2, 1]);
    }

    /// <summary>Compares the arrays that struct fields point to.</summary>
    private static string? All(string of, (string Field, Array Values)[] fields, Func<string, nint> address)
    {
        foreach ((string field, Array values) in fields)
        {
            // if the pointer cannot be read, the array is at 0, where nothing can be read
            ProbedMemory.TryRead(address(field), out nint array);
            string? mismatch = values switch
            {
                int[] integers => Compare(of + field, array, integers),
                byte[] flags => Compare(of + field, array, flags),
                _ => Compare(of + field, array, (double[])values),
            };
            if (mismatch != null) return mismatch;
        }
        return null;
    }

    private static string? Compare<T>(string name, nint array, T[] expected) where T : unmanaged
    {
        for (int i = 0; i < expected.Length; i++)
        {
            bool read = ProbedMemory.TryRead(array + i * sizeof(T), out T value);
            bool agrees = (value, expected[i]) is (double v, double e)
                ? double.IsNaN(e) || Math.Abs(v - e) <= Tolerance
                : value.Equals(expected[i]);
            if (!read || !agrees)
                return FormattableString.Invariant(
                    $"{name}[{i}] {(read ? $"reads {value}" : "can't be read")} where {expected[i]} is expected");
        }
        return null;
    }
}
