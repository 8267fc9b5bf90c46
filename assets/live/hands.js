// Draws the hands that HandS3C Live sends over its WebSocket; docs/live-out.md has the schema.
import * as THREE from 'three';
import { OrbitControls } from './vendor/OrbitControls.js';

const FINGERS = [0xff8040, 0xffd640, 0x60dc60, 0x40b0ff, 0xc470ff]; // thumb to little
const PALM = [[0, 1, 5], [0, 5, 9], [0, 9, 13], [0, 13, 17], [1, 2, 5]];
const options = new URLSearchParams(location.search);
const bare = options.has('skeleton'); // ?skeleton shows joints and bones alone
const server = options.get('ws')
  || `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/`;
const address = new URL(server);
if (!bare) address.searchParams.set('mesh', '1');
const status = document.getElementById('status');

// ------------------------------------------------------------------------------------ the room
const renderer = new THREE.WebGLRenderer({ antialias: true });
renderer.setPixelRatio(window.devicePixelRatio);
renderer.shadowMap.enabled = true;
document.body.prepend(renderer.domElement);
const scene = new THREE.Scene();
scene.background = new THREE.Color(0x1a1c20);
const camera = new THREE.PerspectiveCamera(40, 1, 0.01, 20);
camera.position.set(0.12, 0.1, 0.25);
const controls = new OrbitControls(camera, renderer.domElement);
controls.target.set(0, 0, -0.5);
controls.enableDamping = true;
scene.add(new THREE.HemisphereLight(0xdfe8ff, 0x39302a, 1.6));
const sun = new THREE.DirectionalLight(0xffffff, 2.4);
sun.position.set(0.4, 1, 0.6);
sun.castShadow = true;
sun.shadow.mapSize.set(1024, 1024);
Object.assign(sun.shadow.camera, { left: -0.7, right: 0.7, top: 0.7, bottom: -0.7 });
sun.target.position.set(0, 0, -0.5);
scene.add(sun, sun.target);
const ground = new THREE.Group();
const floor = new THREE.Mesh(new THREE.PlaneGeometry(4, 4), new THREE.ShadowMaterial({ opacity: 0.35 }));
floor.rotation.x = -Math.PI / 2;
floor.receiveShadow = true;
ground.add(floor, new THREE.GridHelper(2, 40, 0x3a3f48, 0x272b32));
ground.position.set(0, -0.25, -0.5);
scene.add(ground);

function resize() {
  renderer.setSize(innerWidth, innerHeight);
  camera.aspect = innerWidth / innerHeight;
  camera.updateProjectionMatrix();
}
addEventListener('resize', resize);
resize();

// ----------------------------------------------------------------------------------- the hands
const ball = new THREE.SphereGeometry(1, 24, 16);
const stick = new THREE.CylinderGeometry(1, 1, 1, 20, 1, true);
const up = new THREE.Vector3(0, 1, 0);

class HandView extends THREE.Group {
  constructor(bones) {
    super();
    this.bones = bones;
    const paint = (joint) => new THREE.MeshStandardMaterial(
      { color: joint === 0 ? 0xe9ebee : FINGERS[Math.floor((joint - 1) / 4)], roughness: 0.45 });
    const solid = (shape, joint) => {
      const mesh = new THREE.Mesh(shape, paint(joint));
      mesh.castShadow = true;
      this.add(mesh);
      return mesh;
    };
    this.balls = Array.from({ length: 21 }, (_, joint) => solid(ball, joint));
    this.sticks = bones.map(([, child]) => solid(stick, child));
    const skin = new THREE.BufferGeometry();
    skin.setAttribute('position', new THREE.BufferAttribute(new Float32Array(63), 3));
    skin.setIndex(PALM.flat());
    this.palm = new THREE.Mesh(skin, new THREE.MeshStandardMaterial(
      { color: 0xc9a48f, side: THREE.DoubleSide, transparent: true, opacity: 0.55 }));
    this.palm.castShadow = true;
    this.palm.frustumCulled = false;
    this.add(this.palm);
  }

  show(joints) { // metres, camera frame (y down, z forward) -> three.js (y up, z to the viewer)
    const points = joints.map(([x, y, z]) => new THREE.Vector3(x, -y, -z));
    points.forEach((point, joint) => {
      this.balls[joint].position.copy(point);
      this.balls[joint].scale.setScalar(joint === 0 ? 0.0095 : joint % 4 === 0 ? 0.0068 : 0.0078);
    });
    this.bones.forEach(([parent, child], index) => {
      const along = points[child].clone().sub(points[parent]);
      const bone = this.sticks[index];
      bone.position.copy(points[parent]).addScaledVector(along, 0.5);
      bone.scale.set(0.0052, along.length(), 0.0052);
      bone.quaternion.setFromUnitVectors(up, along.normalize());
    });
    points.forEach((point, joint) => point.toArray(this.palm.geometry.attributes.position.array, 3 * joint));
    this.palm.geometry.attributes.position.needsUpdate = true;
    this.palm.geometry.computeVertexNormals();
    this.visible = true;
  }
}

// The skin: triangles come once, the points of each frame as 16-bit steps.
class SkinView extends THREE.Mesh {
  constructor(mesh, right, material) {
    const shape = new THREE.BufferGeometry();
    const corners = right ? mesh.faces.flat() : mesh.faces.map(([a, b, c]) => [a, c, b]).flat();
    shape.setAttribute('position', new THREE.BufferAttribute(new Float32Array(3 * mesh.vertex_points.length), 3));
    if (mesh.uv) shape.setAttribute('uv', new THREE.BufferAttribute(new Float32Array(mesh.uv.flat()), 2));
    shape.setIndex(corners);
    super(shape, material);
    this.layout = mesh.vertex_points;
    this.castShadow = true;
    this.receiveShadow = true;
    this.frustumCulled = false;
    this.right = right;
    scene.add(this);
  }

  show(steps, origin, step) { // camera frame (y down, z forward) -> three.js (y up, z to the viewer)
    const place = this.geometry.attributes.position.array;
    this.layout.forEach((point, k) => {
      place[3 * k] = origin[0] + step * steps[3 * point];
      place[3 * k + 1] = -(origin[1] + step * steps[3 * point + 1]);
      place[3 * k + 2] = -(origin[2] + step * steps[3 * point + 2]);
    });
    this.geometry.attributes.position.needsUpdate = true;
    this.geometry.computeVertexNormals();
    joinSeams(this.geometry, this.layout);
    this.visible = true;
  }
}

function joinSeams(shape, layout) { // vertices of one point have one normal
  const normals = shape.attributes.normal.array;
  const sums = new Float32Array(3 * (Math.max(...layout) + 1));
  layout.forEach((point, k) => { for (let a = 0; a < 3; a += 1) sums[3 * point + a] += normals[3 * k + a]; });
  layout.forEach((point, k) => { for (let a = 0; a < 3; a += 1) normals[3 * k + a] = sums[3 * point + a]; });
  shape.normalizeNormals();
  shape.attributes.normal.needsUpdate = true;
}

let mesh = null;
let skinMaterial = null;
let skins = [];

function newMesh(message) {
  skins.forEach((skin) => { scene.remove(skin); skin.geometry.dispose(); });
  skins = [];
  mesh = message;
  skinMaterial = new THREE.MeshStandardMaterial({ color: 0xcda08a, roughness: 0.6 });
  if (message.skin && message.uv) {
    const home = new URL(server);
    home.protocol = home.protocol === 'wss:' ? 'https:' : 'http:';
    new THREE.TextureLoader().load(new URL(message.skin, home).href, (texture) => {
      texture.colorSpace = THREE.SRGBColorSpace;
      Object.assign(skinMaterial, { map: texture, needsUpdate: true });
      skinMaterial.color.set(0xffffff);
    });
  }
}

function showMeshes(data) {
  const view = new DataView(data);
  const [hands, points] = [view.getUint16(8, true), view.getUint16(10, true)];
  skins.forEach((skin) => { skin.visible = false; });
  if (!mesh || points !== mesh.points) return;
  let at = 12;
  for (let number = 0; number < hands; number += 1) {
    const right = view.getUint32(at + 4, true) === 1;
    const [x, y, z, step] = [8, 12, 16, 20].map((offset) => view.getFloat32(at + offset, true));
    const steps = new Int16Array(data, at + 24, 3 * points);
    let skin = skins.find((other) => other.right === right && !other.visible);
    if (!skin) skins.push(skin = new SkinView(mesh, right, skinMaterial));
    skin.show(steps, [x, y, z], step);
    at += 24 + 4 * Math.ceil(6 * points / 4);
  }
  window.hands3c.meshes = hands;
  window.hands3c.points = skins.filter((skin) => skin.visible).map((skin) => skin.geometry.attributes.position.count);
}

const views = [];
let bones = [];
let aimed = false;
window.hands3c = { frames: 0, hands: [] }; // for tests and tinkering

function showFrame(frame) {
  window.hands3c.frames += 1;
  window.hands3c.hands = frame.hands;
  views.forEach((view) => { view.visible = false; });
  frame.hands.forEach((hand, index) => {
    if (mesh) return; // the skin follows
    if (!views[index]) scene.add(views[index] = new HandView(bones));
    if (hand.joints_3d.every((point) => point.every(Number.isFinite))) views[index].show(hand.joints_3d);
  });
  if (!aimed && frame.hands.length) { // look at the hands once; then the user's view stays
    aimed = true;
    const wrist = frame.hands[0].joints_3d[9];
    controls.target.set(0.5 * wrist[0], -wrist[1], -wrist[2]);
    camera.position.set(0.25, 0.12 - wrist[1], 0.55 - wrist[2]);
    ground.position.set(0, -wrist[1] - 0.16, -wrist[2]);
  }
  const sides = frame.hands.map((hand) => (hand.is_right ? 'right' : 'left')).join(' and ');
  status.innerHTML = `<b>${sides || 'no hand'}</b> · frame ${Number(frame.index)}`;
}

// ------------------------------------------------------------------------------ the connection
function listen() {
  const socket = new WebSocket(address);
  socket.binaryType = 'arraybuffer';
  socket.onmessage = ({ data }) => {
    // Tells the server that there is room for more: a slow page then still shows the newest hands.
    setTimeout(() => { if (socket.readyState === 1) socket.send('{"type":"ack"}'); });
    if (typeof data !== 'string') { showMeshes(data); return; }
    const message = JSON.parse(data);
    if (message.type === 'mesh') newMesh(message);
    else if (message.type === 'hello') {
      if (message.version !== 1) { socket.close(); status.textContent = 'This page is too old.'; }
      bones = message.bones;
      status.textContent = 'Connected. Waiting for hands…';
    } else if (message.type === 'frame') showFrame(message);
  };
  socket.onclose = () => {
    status.textContent = `Waiting for HandS3C Live at ${server} …`;
    setTimeout(listen, 1000);
  };
}
listen();
renderer.setAnimationLoop(() => { controls.update(); renderer.render(scene, camera); });
