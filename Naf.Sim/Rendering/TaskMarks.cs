using Naf.Kernels.Observation;
using Naf.Sim.Tasks.Definitions;

namespace Naf.Sim.Rendering;

/// <summary>The marks of a task: a ball at each target, and the path of each point with a ball at its end.</summary>
internal sealed class TaskMarks(TaskDefinition task)
{
    /// <summary>Sizes as fractions of the picture's height.</summary>
    private const double TargetRadius = 0.024, HeadRadius = 0.012, PathRadius = 0.005, ShortestSegment = 0.004;

    private static readonly float[] TargetColour = [0.05f, 0.7f, 0.2f, 0.4f];
    private static readonly float[][] PathColours =
        [[0.8f, 0.15f, 0.45f, 1], [0.45f, 0.3f, 0.7f, 1], [0.55f, 0.5f, 0.1f, 1]];

    private readonly ObservationFunction<double> _places = new(new ObservationDefinition(
        task.Observation.Tree, task.Observation.ConstantSize, [.. task.Picture.Targets.Concat(task.Picture.Path)
            .Select((place, i) => new PlaceEntry($"{i}", place, null, 0, Components.All))]));

    private readonly double[] _noVelocity = new double[task.Observation.Tree.Nv];
    private readonly double[] _now = new double[3 * (task.Picture.Targets.Length + task.Picture.Path.Length)];
    private readonly int _targets = task.Picture.Targets.Length;
    private readonly List<double[]>[] _paths = [.. task.Picture.Path.Select(_ => new List<double[]>())];

    public void Clear()
    {
        foreach (List<double[]> path in _paths) path.Clear();
    }

    public void AddState(ReadOnlySpan<double> qpos, ReadOnlySpan<double> constants)
    {
        _places.Evaluate(qpos, _noVelocity, constants, _now);
        for (int i = 0; i < _paths.Length; i++) _paths[i].Add(Now(_targets + i).ToArray());
    }

    public void AddTo(VisualScene scene)
    {
        for (int i = 0; i < _targets; i++)
            scene.AddBall(Now(i), TargetRadius * scene.PictureHeight(Now(i)), TargetColour);
        for (int i = 0; i < _paths.Length; i++)
        {
            if (_paths[i].Count == 0) continue;
            float[] colour = PathColours[i % PathColours.Length];
            double[] from = _paths[i][0], last = _paths[i][^1];
            double unit = scene.PictureHeight(last);
            foreach (double[] to in _paths[i])
            {
                // join steps too short to be visible
                if (Distance(from, to) < ShortestSegment * unit && to != last) continue;
                scene.AddTube(from, to, PathRadius * unit, colour);
                from = to;
            }
            scene.AddBall(last, HeadRadius * unit, colour);
        }
    }

    private ReadOnlySpan<double> Now(int place) => _now.AsSpan(3 * place, 3);

    private static double Distance(double[] a, double[] b) =>
        Math.Sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2]));
}
